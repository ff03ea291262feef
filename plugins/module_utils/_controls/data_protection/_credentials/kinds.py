# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which files on servers hold what programs log in with: known by name and place, and by the format of each.

Left to other controls: keys to APIs in home directories (device_api_keys), private keys in .ssh (ssh_keys).
"""

from __future__ import annotations

import dataclasses
import re

from ansible_collections.infosec.principles.plugins.module_utils._formats import api_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats import credential_stores as stores

#: Who else than its owner has to read a file: accounts of services, nobody, whoever uses a program, systemd alone.
SERVICES, NOBODY, EVERYBODY, SYSTEMD = "services", "nobody", "everybody", "systemd"
PRIVATE_KEY = "private key"
#: No file of these kinds is larger (bytes).
SIZE = 256 * 1024


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of file. name: what it is called in messages.

    names: pattern of the file's name (whole, in any case). folder: pattern of the folder's path; "" for any.
    readers: SERVICES, NOBODY or EVERYBODY. in_home: it is looked for in the home of each account by this name.
    """

    name: str
    names: str
    holds: stores.Test
    readers: str = SERVICES
    folder: str = ""
    in_home: str = ""


KINDS: tuple[Kind, ...] = (
    Kind("password file of PostgreSQL clients", r"\.?pgpass(\.conf)?", stores.pgpass, NOBODY, in_home=".pgpass"),
    Kind("option file of MySQL", r"debian\.cnf", stores.option_file, NOBODY),
    Kind("option file of MySQL", r"\.mylogin\.cnf", stores.not_empty, NOBODY, in_home=".mylogin.cnf"),
    Kind("option file of MySQL", r"\.?my\.cnf|.*\.cnf", stores.option_file, in_home=".my.cnf"),
    Kind("netrc", r"[._]?netrc", stores.any_of(api_keys.netrc)),
    Kind("logins of apt", r"auth\.conf", stores.any_of(api_keys.netrc), SERVICES, r"/etc/apt"),
    Kind("logins of apt", r".*\.conf", stores.any_of(api_keys.netrc), SERVICES, r"/etc/apt/auth\.conf\.d"),
    Kind("logins of git", r"\.?git-credentials", stores.any_of(api_keys.urls)),
    Kind("settings of a git repository", "config", stores.any_of(api_keys.urls), SERVICES, r".*/\.git"),
    Kind("environment file", r"\.env(\..+)?|.+\.env", stores.any_of(api_keys.environment)),
    Kind(
        "configuration of a web application",
        r"(wp-)?config([-_.](local|prod|production|inc|db))?(\.inc)?\.php|configuration\.php|settings([-_.]\w+)?\.php"
        r"|localsettings\.php|(database|db|connect(ion)?|env|parameters|app_local|secrets?)(\.inc)?\.php",
        stores.php,
    ),
    Kind(
        "configuration of an application",
        r"(parameters|database|secrets|credentials|application([-_]\w+)?)\.(ya?ml|properties)"
        r"|appsettings(\.\w+)?\.json|local\.xml|context\.xml|tomcat-users\.xml",
        stores.settings,
    ),
    Kind("Rails key", r"master\.key|.*\.key", stores.any_of(api_keys.whole), SERVICES, r".*/config(/credentials)?"),
    Kind("SSH host key", r"ssh_host_\w+_key", stores.private_key, NOBODY, r"/etc/ssh|/etc/dropbear"),
    Kind(PRIVATE_KEY, r".*\.(key|pem)|id_(rsa|dsa|ecdsa|ed25519)|.*[-_.](priv(ate)?|key)", stores.private_key),
    Kind("password file", r"\.?ht(passwd|digest)([-_.]\w+)?|.*\.ht(passwd|digest)", stores.htpasswd_file),
    Kind(
        "Google service account",
        r".*(service[-_]?account|credentials?|firebase|gcp|gcloud|adc|[-_]key|secret).*\.json|sa\.json",
        stores.made(api_keys.members, "private_key", where="service_account"),
    ),
    Kind(
        "credentials of a share",
        r"\.?(smb|cifs)[-_.]?(cred(ential)?s?|pass(wd|word)?|secret)?(\..*)?|.*[-_.]?cred(ential)?s?(\.(txt|conf))?",
        stores.made(api_keys.fields, "(?!)", "password|pass"),
        in_home=".smbcredentials",
    ),
    Kind("tunnel of WireGuard", r".*\.conf", stores.wireguard, NOBODY, r"/etc/wireguard"),
    Kind("logins for mail", r"(sasl|relay|smtp)[-_]?passw(d|ord)s?|passwd\.client", stores.login_map),
    Kind("queries of a mail server", r"(my|pg)sql[-_].*\.cf|ldap[-_].*\.cf|dovecot-(sql|ldap).*\.ext", stores.lookup),
    Kind(
        "settings of msmtp",
        r"\.?msmtprc",
        stores.matches(r"^[ \t]*password[ \t]+(?P<value>\S{1,512})"),
        EVERYBODY,
        in_home=".msmtprc",
    ),
    Kind("password of an LDAP client", r"(pam_|libnss-)?ldap\.secret", stores.not_empty),
    Kind("settings of Redis", r"(redis|valkey)([-_.]\w+)?\.conf", stores.redis, SERVICES, r"/etc/.*|/opt/.*"),
    Kind("Erlang cookie", r"\.erlang\.cookie", stores.not_empty, NOBODY, in_home=".erlang.cookie"),
    Kind("Kerberos key table", r".*\.keytab", stores.keytab),
    Kind(
        "login to Kubernetes",
        r"kubeconfig(\..*)?|admin\.conf|super-admin\.conf|k3s\.yaml",
        stores.made(api_keys.fields, "token|client-key-data|client-secret", "password", separator=": "),
    ),
)
#: Names that are in the home of every account that has one.
IN_HOMES = tuple(kind.in_home for kind in KINDS if kind.in_home)
#: Names may hold any character, line ends too.
_FLAGS = re.IGNORECASE | re.DOTALL
#: What is there to be read, and to be copied by whoever sets a program up.
_TEMPLATE = re.compile(r".*(sample|example|template|\bdist|-dist|default|\.tmpl|\.j2|skel).*", _FLAGS)
#: What editors, packages and people leave beside a file that they change; a swap file of vim begins with a dot.
_COPY = re.compile(
    r"(?P<base>.+?)(?:"
    r"(?:[-_.](?:bak|back|backup|old|orig|original|save|saved|copy|tmp|dpkg-old|dpkg-bak|ucf-old|rpmsave|rpmorig)"
    r"[-_.]?\d{0,14})|\.\d{6,14}|\.sw[opn]|~|\.~\d{1,4}~)(?:\.gz)?",
    _FLAGS,
)
_INSERTED = re.compile(r"(?P<base>.+?)[-_.](?:bak|backup|old|orig|copy)\d{0,8}(?P<end>\.\w{1,6})", _FLAGS)
_EMACS = re.compile(r"#(?P<base>.+)#", _FLAGS)
#: One pattern says of most names that they are none of all these.
_any = re.compile("|".join(dict.fromkeys(f"(?:{kind.names})" for kind in KINDS)), _FLAGS)


def of(name: str, folder: str) -> tuple[Kind, ...]:
    """The kinds that a file of this name in this folder may be of."""
    if not _any.fullmatch(name) or _TEMPLATE.fullmatch(name):
        return ()
    return tuple(
        kind
        for kind in KINDS
        if re.fullmatch(kind.names, name, _FLAGS) and (not kind.folder or re.fullmatch(kind.folder, folder))
    )


def original(name: str) -> str:
    """The name of what this is a copy of, going by its own; "" where it does not say that it is one."""
    for pattern in (_COPY, _EMACS):
        match = pattern.fullmatch(name)
        if match:
            base = match["base"]
            return base[1:] if name.endswith((".swp", ".swo", ".swn")) and base.startswith(".") else base
    match = _INSERTED.fullmatch(name)
    return match["base"] + match["end"] if match else ""


#: A private key, wherever it lies.
KEY = next(kind for kind in KINDS if kind.name == PRIVATE_KEY)
#: What an EnvironmentFile of a unit is judged as.
VARIABLES = Kind("file of variables", ".*", stores.not_empty, SYSTEMD)
