# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Where the clients of APIs keep what they log in with, in which format, what that opens, and what to do instead.

Private keys are not among it: lateral_movement's ssh_pivoting finds each of them by its format, wherever it lies.
"""

from __future__ import annotations

import dataclasses
import fnmatch

from ansible_collections.infosec.principles.plugins.module_utils._formats import api_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats.api_keys import Recogniser

#: Copies of a .env file that are there to be read.
TEMPLATES = (".env.example", ".env.sample", ".env.template", ".env.dist", ".env.defaults", "example.env", "sample.env")


@dataclasses.dataclass(frozen=True)
class Place:
    """One kind of file. folder: in the home, "" for the home itself, None for anywhere in it.

    names: patterns of the file's name. depth: 1 for the folder's own files. opens: what its secrets are good for.
    instead: what a person does. shared: programs of other accounts may have to read it. size: none is larger (bytes).
    """

    kind: str
    folder: str | None
    names: tuple[str, ...]
    recognise: Recogniser
    opens: str
    instead: str
    depth: int = 1
    shared: bool = False
    size: int = api_keys.MAX_SIZE

    @property
    def plain_names(self) -> tuple[str, ...]:
        """Those that are no patterns."""
        return tuple(name for name in self.names if "*" not in name)

    def means(self, name: str) -> bool:
        """Whether a file of this name is one."""
        return name not in TEMPLATES and any(fnmatch.fnmatchcase(name, pattern) for pattern in self.names)


_AWS = "Use short-lived credentials (aws sso login, or a role), and delete the access key."
_GCP = "Use short-lived credentials (impersonation), and revoke these (gcloud auth revoke, or delete the key)."
_AZURE = "Log out (az logout) where nobody works, and use a managed identity."
_HELPER = "Keep it in a credential helper of the desktop's key ring, and revoke this one."
_SCOPED = "Revoke it; where one is needed, make one that expires and may do only that."
_LOGIN = "Log in anew when needed (oidc-login, a cloud's exec plugin), and revoke the static token or certificate."
_DOTENV = (
    "Have the service manager hand it over (LoadCredential=), or fetch it from a secret store; then make a new one."
)
_YAML = {"separator": ": "}
_DOCKER = api_keys.members("identitytoken|registrytoken", "auth|password", where='"auth')

PLACES: tuple[Place, ...] = (
    Place(
        "AWS",
        ".aws",
        ("credentials", "config"),
        api_keys.fields("aws_secret_access_key|aws_session_token", temporary="aws_session_token"),
        "an AWS account",
        _AWS,
    ),
    Place("AWS sign-on", ".aws/sso/cache", ("*.json",), api_keys.members("accessToken"), "an AWS account", _AWS),
    Place(
        "AWS role",
        ".aws/cli/cache",
        ("*.json",),
        api_keys.members("SecretAccessKey|SessionToken"),
        "an AWS account",
        _AWS,
    ),
    Place(
        "boto",
        "",
        (".boto", ".s3cfg"),
        api_keys.fields(r"(aws|gs)_\w*secret\w*|secret_key|access_token|gs_oauth2_refresh_token"),
        "storage",
        _AWS,
    ),
    Place(
        "Google Cloud",
        ".config/gcloud",
        ("application_default_credentials.json", "adc.json"),
        api_keys.members("refresh_token|private_key"),
        "a Google Cloud project",
        _GCP,
        depth=3,
    ),
    Place(
        "Google Cloud", ".config/gcloud", ("credentials.db",), api_keys.refresh_tokens, "a Google Cloud project", _GCP
    ),
    Place(
        "Google service account",
        None,
        ("*.json",),
        api_keys.members("private_key", where="service_account"),
        "a Google Cloud project",
        _GCP,
        size=16 * 1024,
    ),
    Place(
        "Azure",
        ".azure",
        ("accessTokens.json",),
        api_keys.members("refreshToken|accessToken|servicePrincipalKey"),
        "an Azure tenant",
        _AZURE,
    ),
    Place("Azure", ".azure", ("msal_token_cache.json",), api_keys.members("secret"), "an Azure tenant", _AZURE),
    Place(
        "Azure service principal",
        ".azure",
        ("service_principal_entries.json",),
        api_keys.members("client_secret|private_key"),
        "an Azure tenant",
        _AZURE,
    ),
    Place(
        "kubeconfig",
        ".kube",
        ("config", "*.conf", "*.config", "*.yml", "*.yaml", "kubeconfig*"),
        api_keys.fields("token|client-key-data|(id|access|refresh)-token|client-secret", "password", **_YAML),
        "a Kubernetes cluster",
        _LOGIN,
        depth=2,
    ),
    Place("npm", None, (".npmrc",), api_keys.fields("_authToken", "_auth|_password"), "an npm registry", _SCOPED),
    Place(
        "Yarn",
        None,
        (".yarnrc.yml",),
        api_keys.fields("npmAuthToken", "npmAuthIdent", **_YAML),
        "an npm registry",
        _SCOPED,
    ),
    Place(
        "PyPI",
        "",
        (".pypirc",),
        api_keys.fields("(?!)", "password"),
        "a Python package index",
        "Publish by a trusted publisher of the index instead, and revoke the token.",
    ),
    Place(
        "Poetry",
        ".config/pypoetry",
        ("auth.toml",),
        api_keys.fields("pypi-token|.*-token", "password"),
        "a Python package index",
        _SCOPED,
    ),
    Place("pip", ".config/pip", ("pip.conf",), api_keys.urls, "a Python package index", _HELPER),
    Place("pip", ".pip", ("pip.conf",), api_keys.urls, "a Python package index", _HELPER),
    Place("netrc", "", (".netrc", "_netrc"), api_keys.netrc, "the services that it names", _HELPER),
    Place("git", "", (".git-credentials",), api_keys.urls, "git repositories", _HELPER),
    Place("git", ".config/git", ("credentials",), api_keys.urls, "git repositories", _HELPER),
    Place("Docker", ".docker", ("config.json",), _DOCKER, "a container registry", _HELPER),
    Place("Docker", "", (".dockercfg",), api_keys.members("(?!)", "auth"), "a container registry", _HELPER),
    Place("Podman", ".config/containers", ("auth.json",), _DOCKER, "a container registry", _HELPER),
    Place(
        "Helm",
        ".config/helm",
        ("config.json", "repositories.yaml"),
        api_keys.either(_DOCKER, api_keys.fields("(?!)", "password", **_YAML)),
        "a chart registry",
        _HELPER,
        depth=2,
    ),
    Place("GitHub", ".config/gh", ("hosts.yml",), api_keys.fields("oauth_token", **_YAML), "GitHub", _HELPER),
    Place("GitHub", ".config", ("hub",), api_keys.fields("oauth_token", **_YAML), "GitHub", _HELPER),
    Place(
        "GitLab",
        ".config/glab-cli",
        ("config.yml",),
        api_keys.fields("token|job_token|oauth2_refresh_token", **_YAML),
        "GitLab",
        _HELPER,
    ),
    Place("Terraform", "", (".terraformrc",), api_keys.fields("token"), "HCP Terraform and what it manages", _SCOPED),
    Place(
        "Terraform",
        ".terraform.d",
        ("credentials.tfrc.json",),
        api_keys.members("token"),
        "HCP Terraform and what it manages",
        _SCOPED,
    ),
    Place(
        "Vault",
        "",
        (".vault-token",),
        api_keys.whole,
        "Vault and the secrets in it",
        "Revoke it (vault token revoke -self), and log in anew when needed.",
    ),
    Place(
        "rclone",
        ".config/rclone",
        ("rclone.conf",),
        api_keys.either(
            api_keys.fields("secret_access_key|client_secret|bearer_token", "pass|password|password2|key"),
            api_keys.refresh_tokens,
        ),
        "cloud storage",
        "Encrypt the configuration (rclone config encryption set).",
    ),
    Place(
        "OpenStack",
        ".config/openstack",
        ("clouds.y*ml", "secure.y*ml"),
        api_keys.fields("application_credential_secret|token", "password", **_YAML),
        "an OpenStack project",
        _SCOPED,
    ),
    Place("Cargo", ".cargo", ("credentials", "credentials.toml"), api_keys.fields("token"), "crates.io", _SCOPED),
    Place(
        "RubyGems", ".gem", ("credentials",), api_keys.fields(r"rubygems_api_key|\w*key", **_YAML), "RubyGems", _SCOPED
    ),
    Place(
        "RubyGems",
        ".local/share/gem",
        ("credentials",),
        api_keys.fields(r"rubygems_api_key|\w*key", **_YAML),
        "RubyGems",
        _SCOPED,
    ),
    Place(
        "Composer",
        ".config/composer",
        ("auth.json",),
        api_keys.members("github.com|gitlab.com|token", "password"),
        "package sources of PHP",
        _SCOPED,
    ),
    Place(
        "Maven", ".m2", ("settings.xml",), api_keys.xml, "a Maven repository", "Encrypt it (mvn --encrypt-password)."
    ),
    Place("Hugging Face", ".cache/huggingface", ("token",), api_keys.whole, "Hugging Face", _SCOPED),
    Place(
        "DigitalOcean",
        ".config/doctl",
        ("config.yaml",),
        api_keys.fields("access-token", **_YAML),
        "a DigitalOcean account",
        _SCOPED,
    ),
    Place(
        "Hetzner Cloud", ".config/hcloud", ("cli.toml",), api_keys.fields("token"), "a Hetzner Cloud project", _SCOPED
    ),
    Place(
        "environment file",
        None,
        (".env", ".env.*", "*.env"),
        api_keys.environment,
        "what its variables are for",
        _DOTENV,
        shared=True,
    ),
)
IN_HOME = tuple(place for place in PLACES if not place.folder)
ANYWHERE = tuple(place for place in PLACES if place.folder is None)


def folders() -> dict[tuple[str, int], list[Place]]:
    """The places in a folder of their own, by (folder, depth), so that each is listed once."""
    found: dict[tuple[str, int], list[Place]] = {}
    for place in PLACES:
        if place.folder:
            found.setdefault((place.folder, place.depth), []).append(place)
    return found
