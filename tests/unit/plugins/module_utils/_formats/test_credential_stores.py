# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each format has its secrets found, and what only looks like one left out, without taking long over hostile text."""

from __future__ import annotations

import time

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import credential_stores as stores

KEY = "-----BEGIN RSA PRIVATE KEY-----\n{}MIIB\n-----END RSA PRIVATE KEY-----\n"
WIREGUARD = "[Interface]\nPrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n"


@pytest.mark.parametrize(
    ("test", "text"),
    [
        (stores.pgpass, "db:5432:*:app:s3cret\n"),
        (stores.pgpass, "db\\:1:5432:*:app:s3\\:cret\n"),
        (stores.option_file, '[client]\nuser = root\npassword = "s3cret"\n'),
        (stores.login_map, "[mail.example.org]:587 app:s3cret\n"),
        (stores.lookup, "hosts = db\nuser = mail\npassword = s3cretPw\n"),
        (stores.lookup, "driver = pgsql\nconnect = host=db user=mail password=s3cretPw\n"),
        (stores.redis, "bind 127.0.0.1\nrequirepass s3cretPw\n"),
        (stores.wireguard, WIREGUARD),
        (stores.php, "<?php\ndefine( 'DB_PASSWORD', 'Zq8rTn2LxW4v' );\n"),
        (stores.php, "<?php\n$config['db_password'] = \"Zq8rTn2L\";\n"),
        (stores.php, "<?php return ['password' => 'Zq8rTn2L'];\n"),
        (stores.settings, "database:\n  password: Zq8rTn2L\n"),
        (stores.settings, "spring.datasource.password=Zq8rTn2L\n"),
        (stores.settings, '<user username="a" password="Zq8rTn2L"/>\n'),
        (stores.settings, '{"ConnectionStrings": {"Password": "Zq8rTn2L"}}\n'),
        (stores.settings, "<password><![CDATA[Zq8rTn2L]]></password>\n"),
        (stores.htpasswd_file, "admin:$apr1$abcdefgh$0123456789012345678901\n"),
        (stores.htpasswd_file, "admin:Realm:0123456789abcdef0123456789abcdef\n"),
        (stores.private_key, KEY.format("")),
        (stores.keytab, "\x05\x02\x00\x00"),
        (stores.not_empty, "x"),
    ],
)
def test_secrets(test: stores.Test, text: str) -> None:
    assert test(text)


@pytest.mark.parametrize(
    ("test", "text"),
    [
        (stores.pgpass, "# db:5432:*:app:s3cret\nhost:port\n"),
        (stores.pgpass, "db:5432:*:app:\n"),
        (stores.option_file, "[client]\n#password = s3cret\nuser = root\n"),
        (stores.option_file, "[client]\npassword =\n"),
        (stores.login_map, "# [mail.example.org]:587 app:s3cret\n"),
        (stores.lookup, "#password = s3cretPw\n"),
        (stores.redis, "# requirepass foobared\n"),
        (stores.wireguard, "[Peer]\nPublicKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n"),
        (stores.php, "<?php\ndefine('DB_PASSWORD', getenv('DB_PASSWORD'));\n$x['password'] = $_POST['password'];\n"),
        (stores.php, "<?php define('DB_PASSWORD', 'your_password_here');\n"),
        (stores.settings, "password: ${DB_PASSWORD}\n"),
        (stores.settings, "# password: Zq8rTn2L\n"),
        (stores.htpasswd_file, "# none\nname:value\n"),
        (stores.private_key, KEY.format("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n")),
        (stores.private_key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n"),
        (stores.private_key, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        (stores.keytab, "keytab"),
        (stores.not_empty, " \n"),
    ],
)
def test_no_secrets(test: stores.Test, text: str) -> None:
    assert not test(text)


@pytest.mark.parametrize(
    "unit", ["$password", "password ", "$[[[[", "define('", "password_", "a:", "\\", "\n", "'password'", "= "]
)
def test_hostile_text_takes_no_longer(unit: str) -> None:
    text = (unit * (256 * 1024))[: 256 * 1024]
    tests = (stores.php, stores.settings, stores.pgpass, stores.lookup, stores.option_file, stores.redis)
    begun = time.process_time()
    for test in (*tests, stores.login_map, stores.private_key, stores.htpasswd_file):
        test(text)
    assert time.process_time() - begun < 5
