# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A project of Ansible with secrets of many kinds in plain, and with more that looks like them and is none.

Every secret here opens nothing. Those that services give their own form are put together from two halves, so that what
looks for secrets in this repository finds none.
"""

from __future__ import annotations

import pathlib

_DASHES = "-" * 5
PRIVATE_KEY = "\n".join(
    [
        f"{_DASHES}BEGIN OPENSSH PRIVATE" + f" KEY{_DASHES}",
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW",
        "QyNTUxOQAAACBzb21ldGhpbmcgdGhhdCBvcGVucyBub3RoaW5nIGF0IGFsbA==",
        f"{_DASHES}END OPENSSH PRIVATE" + f" KEY{_DASHES}",
    ]
)
AWS_KEY = "AKIA" + "2OGYBAH6STMMNXNN"
GITHUB = "ghp" + "_wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"
GITLAB = "glpat" + "-hellOworLd_1234567Ab"
SLACK = "https://hooks.slack.com/services/" + "T02AB3CDE/B04FG5HIJ/" + "k1j2h3g4f5d6s7a8q9w0e1r2"
STRIPE = "sk_live" + "_51HyR9aKqX8vLmN0pT3wZ6bC"
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    + ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4iLCJpYXQiOjE1MTYyMzkwMjJ9"
    + ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
)
SENDGRID = "SG." + "ngeVfQFYQlKU0ufo8x5d1A" + ".TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr"
RANDOM = "q8Zt0vXn4LrB2yWc7KfJ9sHd" + "1GpM5aUe3TiOxR6b"
HEX = "9f86d081884c7d659a2feaa0" + "c55ad015a3bf4f1b2b0b822c"

#: Each file with its text; what is planted there stands in SECRETS.
FILES = {
    "group_vars/all/main.yml": f"""\
---
# Everything that all hosts share.
site_name: shop   # by marketing
db_user: app
db_password: Tr0ub4dor&3   # rotate yearly
db_password_length: 24
db_root_password: 'it''s-4-secret'
smtp_pass: "w1nter \\"is\\" here"
admin_passphrase: correct horse battery staple
ldap_bind_pw: s3cr3t-b1nd
aws_access_key_id: {AWS_KEY}
aws_secret_access_key: "{RANDOM}"
github_token: {GITHUB}
backup_url: postgres://app:p4ssw0rd-in-url@db.example.net/shop
door_pin: 4711
mail_relay_password: 83742
deploy_key: |
{chr(10).join("  " + line for line in PRIVATE_KEY.splitlines())}

# After the key, a comment that stays.
session_seed: {HEX}
legacy_login: "$apr1$Zt0vXn4L$yR3tW2mK8pQ6sJ1dF5gHk/"
""",
    "group_vars/web/main.yml": f"""\
webhook: {SLACK}
stripe:
  live: {STRIPE}
  publishable_key: pk_live_51HyR9aKqX8vLmN0pT3w
users:
  - name: ann
    password: ann-likes-2-dance
    shell: /bin/bash
  - name: ben
    password: "{{{{ vault_ben_password }}}}"
db_passwords:
  shop: sh0p-of-horrors
  blog: "{{{{ lookup('ansible.builtin.env', 'BLOG_PASSWORD') }}}}"
settings: {{api_token: {RANDOM}, retries: 3}}
app_environment:
  - name: SMTP_PASSWORD
    value: m4il-me-maybe
  - name: SMTP_HOST
    value: mail.example.net
shared_secret: &shared  9dF-k2L-qw8
other_secret: *shared
grafana_admin_password: "{{{{ override | default('gr4f4na-admin') }}}}"
folded_token: >-
  {JWT[:40]}{JWT[40:]}
""",
    "host_vars/db1.json": '{"replication_password": "r3pl1cate-me", "replication_user": "replica"}\n',
    "host_vars/db1/extra": f"restic_key: {RANDOM}\n",
    "inventory/hosts.ini": """\
[web]
web1 ansible_host=192.0.2.11 ansible_become_password=becom3-r00t
web2 ansible_host=192.0.2.12

[web:vars]
snmp_community = int3rnal-ro
http_port = 8080
""",
    "roles/shop/defaults/main.yml": f"""\
shop_mail_key: {SENDGRID}
shop_secret_key: change_me
""",
    "roles/shop/tasks/main.yml": """\
- name: Make the account
  community.mysql.mysql_user:
    name: shop
    password: plain-in-a-task-1
- name: Dump
  ansible.builtin.shell: mysqldump --password=dump-m3-now shop > /tmp/shop.sql
""",
    "roles/shop/files/deploy_key": PRIVATE_KEY + "\n",
    "site.yml": f"""\
- hosts: web
  vars:
    registry_token: {GITLAB}
  tasks: []
# The old one was {STRIPE}, no longer used.
""",
}

#: The secrets, each by its file and variable. The last of a tuple: whether it can be encrypted in its place.
SECRETS: dict[str, bool] = {
    "group_vars/all/main.yml:db_password": True,
    "group_vars/all/main.yml:db_root_password": True,
    "group_vars/all/main.yml:smtp_pass": True,
    "group_vars/all/main.yml:admin_passphrase": True,
    "group_vars/all/main.yml:ldap_bind_pw": True,
    "group_vars/all/main.yml:aws_access_key_id": True,
    "group_vars/all/main.yml:aws_secret_access_key": True,
    "group_vars/all/main.yml:github_token": True,
    "group_vars/all/main.yml:backup_url": True,
    "group_vars/all/main.yml:door_pin": False,
    "group_vars/all/main.yml:mail_relay_password": False,
    "group_vars/all/main.yml:deploy_key": True,
    "group_vars/all/main.yml:session_seed": True,
    "group_vars/all/main.yml:legacy_login": True,
    "group_vars/web/main.yml:webhook": True,
    "group_vars/web/main.yml:stripe.live": True,
    "group_vars/web/main.yml:users[ann].password": True,
    "group_vars/web/main.yml:db_passwords.shop": True,
    "group_vars/web/main.yml:settings.api_token": False,
    "group_vars/web/main.yml:app_environment[SMTP_PASSWORD].value": True,
    "group_vars/web/main.yml:shared_secret": False,
    "group_vars/web/main.yml:grafana_admin_password": False,
    "group_vars/web/main.yml:folded_token": True,
    "host_vars/db1.json:replication_password": False,
    "host_vars/db1/extra:restic_key": True,
    "inventory/hosts.ini:web1.ansible_become_password": False,
    "inventory/hosts.ini:web.snmp_community": False,
    "roles/shop/defaults/main.yml:shop_mail_key": True,
    "roles/shop/tasks/main.yml:[Make the account].community.mysql.mysql_user.password": True,
    "roles/shop/tasks/main.yml:[Dump].ansible.builtin.shell": False,
    "roles/shop/files/deploy_key:private key": False,
    "site.yml:[web].vars.registry_token": True,
    "site.yml:stripe access key": False,
}

#: What looks like a secret by its name or its value, and is none.
LOOKALIKES = {
    "db_password": '"{{ vault_db_password }}"',
    "mail_password": "\"{{ lookup('community.hashi_vault.hashi_vault', 'secret/mail') }}\"",
    "api_password": '""',
    "empty_password": "",
    "null_secret": "null",
    "tilde_token": "~",
    "smtp_password": "CHANGEME",
    "ldap_password": "<from the vault>",
    "ftp_password": '"********"',
    "irc_password": "your-password-here",
    "nntp_password": "TODO ask the operators",
    "imap_password": "xxxxxxxx",
    "locked_password": '"!"',
    "nobody_password": '"*"',
    "root_password_hash": "$6$rounds=656000$Zt0vXn4LrB2yWc7K$9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08/",
    "ann_password": "$y$j9T$Zt0vXn4LrB2yWc7KfJ9sHd$q8Zt0vXn4LrB2yWc7KfJ9sHd1GpM5aUe3TiOxR6bAbC",
    "web_password": "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
    "django_password": "pbkdf2_sha256$600000$Zt0vXn4LrB2yWc7K$q8Zt0vXn4LrB2yWc7KfJ9sHd1GpM5aUe3TiOxR6bAbC=",
    "password_min_length": "12",
    "password_policy": "strict-and-long",
    "password_file": "/etc/app/password",
    "password_expire_max": "365",
    "update_password": "on_create",
    "password_authentication": '"no"',
    "password_hash_method": "sha512_crypt",
    "password_change_url": "https://id.example.net/password",
    "generate_password": "true",
    "passwordless_sudo": "true",
    "bypass_cache": "always",
    "compass_heading": "northwest12",
    "token_ttl": "3600",
    "token_type": "Bearer-JWT",
    "token_url": "https://id.example.net/oauth2/token",
    "token_endpoint_auth_method": "client_secret_basic",
    "access_token_lifetime": "15 minutes",
    "secret_name": "shop-tls-2024",
    "secret_store": "vault-prod-1",
    "pull_secret": "registry-credentials",
    "secret_engine_path": "kv2/apps",
    "api_key_header": "X-Api-Key-2",
    "api_key_file": "~/.config/api.key",
    "private_key_path": "/etc/ssl/private/shop.key",
    "ssl_private_key": "/etc/ssl/private/shop.pem",
    "ssh_private_key_file": "~/.ssh/id_ed25519",
    "aws_access_key_age": "90",
    "keyboard_layout": "de-latin1-nodeadkeys",
    "primary_key": "customer_id",
    "sort_key": "created_at_2",
    "key_id": "0x8B48AD6246925553",
    "apt_key_id": "9DC858229FC7DD38854AE2D88D81803C0EBFCD88",
    "gpg_fingerprint": "9DC858229FC7DD38854AE2D88D81803C0EBFCD88",
    "image_digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "archive_checksum": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "archive_integrity": "sha384-q8Zt0vXn4LrB2yWc7KfJ9sHd1GpM5aUe3TiOxR6bq8Zt0vXn4LrB2yWc7KfJ9sHd",
    "git_commit": "84f61bd9c65befdb8a1d31a92478c161acb3d0e1",
    "app_version": "2024.11.03-build7a3f9c1",
    "cluster_uuid": "123e4567-e89b-12d3-a456-426614174000",
    "client_id": "a3f9c17a3f9c17b48ad624692555384f61bd9c65",
    "ssh_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNvbWV0aGluZyB0aGF0IG9wZW5zIG5vdGhpbmcgYXQ ann@laptop",
    "wireguard_public_key": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
    "age_recipient": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdxdk3d7sfnq0m5",
    "ca_certificate": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJzb21ldGhpbmc0dGhhdDZpczhub3QK",
    "database_url": "postgres://db.example.net/shop",
    "proxy_url": '"http://{{ proxy_user }}:{{ proxy_password }}@proxy.example.net:3128"',
    "mail_url": "smtp://user@mail.example.net",
    "docs_url": "https://example.net/docs?token=description",
    "motd": "Never tell anybody your password or your PIN",
    "regexp_line": '"^password\\\\s*=.*$"',
    "sudoers_line": '"ann ALL=(ALL) NOPASSWD: ALL"',
    "pam_line": "password required pam_unix.so sha512",
    "openssl_command": "openssl rand -base64 32",
    "mac_address": "52:54:00:6b:3c:58",
    "log_format": "$remote_addr - $remote_user [$time_local] $request",
    "apt_pin": "release o=Debian,n=trixie",
    "apt_pin_priority": "1001",
    "port_range": "30000-32767",
    "systemd_calendar": "Mon..Fri *-*-* 03:00:00",
    "long_path": "/opt/Shop/releases/2024Nov03/vendor/bundle/ruby/bin",
    "cipher_list": "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
    "password_variable": "PGPASSWORD",
    "db_password_from": "environment",
    "vault_password_file": "~/.vault-password",
    "two_factor_secret_length": "32",
    "passwordIDStore": "Internal Users",
    "proxy_password": "proxy_password",
    "ec2_access_key": '"AKIA..."',
    "openai_api_key": "sk-XXXX",
    "err_msg_root_password": '"Please give the root password for %s."',
    "welcome_text": "UGxlYXNlIHJlYWQgdGhlIEFjY2VwdGFibGUgVXNlIFBvbGljeSBiZWZvcmUgeW91IGdvIG9u",
    "answers_line": '"OVESETUP_DB/password=str:{{ db_password }}"',
    "option_key": "ui_welcome_optional_content_1",
}
#: The same as tasks, handlers, texts and documentation have them.
QUIET_TASKS = """\
- name: Say who may log in
  ansible.builtin.lineinfile:
    path: /etc/ssh/sshd_config
    line: PasswordAuthentication no
- name: Set the password of an account
  ansible.builtin.user:
    name: ann
    password: "{{ ann_password }}"
    update_password: on_create
- name: Ask the service
  ansible.builtin.uri:
    url: https://example.net/token
    headers:
      Authorization: "Bearer {{ api_token }}"
  no_log: true
- name: With a shared login
  example.cloud.volume:
    <<: &login
      password: "{{ db_password }}"
    size: 10
- name: Only once
  ansible.builtin.command: /usr/local/bin/once --password-file=/etc/app/password
  args:
    creates: /var/lib/once
  register: token_result
  when: db_password is defined
- name: Note when
  ansible.builtin.copy:
    content: "{{ written.strftime('%Y') }} with {{ db_password_length }}"
    dest: /etc/app/written
    mode: "0644"
  vars:
    written: "{{ now() }}"
- name: In a block that says it for all
  no_log: true
  block:
    - name: Run it
      ansible.builtin.shell: "echo {{ db_password }} | app login --password-stdin"
"""
LOUD_TASKS = """\
- name: Log in
  ansible.builtin.shell: "app login --password {{ db_password }}"
- name: Show it
  ansible.builtin.debug:
    var: db_password
- name: Write the settings
  ansible.builtin.copy:
    dest: /etc/app/settings
    content: "dsn={{ dsn }}"
    mode: "0600"
  vars:
    dsn: "postgres://app:{{ db_password }}@db/app"
- name: Make all accounts
  ansible.builtin.user:
    name: "{{ item.name }}"
    password: "{{ item.password }}"
  loop: "{{ users }}"
- name: From a store
  ansible.builtin.command:
    argv: [app, "{{ lookup('community.hashi_vault.hashi_vault', 'secret/app') }}"]
"""
#: The tasks there that print a secret.
LOUD = ("Log in", "Show it", "Write the settings", "Make all accounts", "From a store")


def plant(root: pathlib.Path) -> None:
    """Write the secrets, and what looks like them."""
    look = "".join(f"{name}: {value}\n" for name, value in LOOKALIKES.items())
    spec = "argument_specs:\n  main:\n    options:\n      lock_sudo_passwords:\n        description: Lock them.\n        type: bool\n"
    files = {
        **FILES,
        "roles/quiet/meta/argument_specs.yml": spec,
        "group_vars/lookalikes.yml": look,
        "roles/quiet/tasks/main.yml": QUIET_TASKS,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
