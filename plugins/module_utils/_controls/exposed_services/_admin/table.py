# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Every kind of web administration that is looked for: where, by which mark it is known, and how a person shuts it.

The marks are from the software itself (Debian's and PyPI's packages, else its published source), for what a stranger
gets: a login page, a refusal, or a redirect. Each is something that a page about the software does not have: a form's
own field, a cookie, a realm, a header.
"""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Interface,
    Mark,
)

LED = (301, 302, 303, 307, 308)


def together(*patterns: bytes) -> bytes:
    """A pattern for a page that has all of them; it goes over the page once for each, whatever the page holds."""
    return rb"(?s)\A" + b"".join(rb"(?=.*?" + one + rb")" for one in patterns)


BY_PATH = "close the path in the web server, or admit the addresses of those who use it alone"

INTERFACES: tuple[Interface, ...] = (
    Interface(
        "django",
        "Django admin",
        marks=(
            Mark(body=together(rb"admin/css/base[^\"<>]*\.css", rb"name=\"csrfmiddlewaretoken\"")),
            # Other themes have other style sheets, and the same form.
            Mark(body=rb"(?s)<form [^<>]*id=\"login-form\"[^<>]*>.{0,500}name=\"csrfmiddlewaretoken\""),
            Mark(LED, header=("location", r"^(?:https?://[^/]+)?(/[^?]+/)login/\?next=\1$")),
        ),
        shut=f"{BY_PATH}; or take admin.site.urls out of the project's URLs",
        paths=("/admin/", "/django-admin/", "/djadmin/", "/backend/admin/", "/api/admin/"),
        page="login/",
    ),
    Interface(
        "wordpress",
        "WordPress",
        marks=(
            Mark(body=together(rb"<form name=\"loginform\" id=\"loginform\"", rb"name=\"wp-submit\"")),
            Mark(LED, header=("location", r"/wp-admin/(?:install|setup-config)\.php(?:$|\?)")),
        ),
        shut=f"{BY_PATH}; nobody comes to /wp-admin/ without /wp-login.php, and visitors need wp-admin/admin-ajax.php",
        paths=("/wp-login.php", "/blog/wp-login.php", "/wordpress/wp-login.php", "/wp/wp-login.php"),
        folders=("/usr/share/wordpress",),
        files=("*/wp-login.php",),
    ),
    Interface(
        "phpmyadmin",
        "phpMyAdmin",
        marks=(
            Mark((200, 302, 401, 403), header=("set-cookie", r"^phpMyAdmin(?:_https)?=")),
            Mark((401,), header=("www-authenticate", r"realm=\"?phpMyAdmin ")),
            Mark(body=rb"<input [^<>]*name=\"pma_username\""),
        ),
        shut=f"{BY_PATH}; or remove the package phpmyadmin",
        paths=("/phpmyadmin/", "/phpMyAdmin/", "/pma/", "/PMA/", "/mysql/", "/dbadmin/"),
        folders=("/usr/share/phpmyadmin", "/usr/share/phpMyAdmin"),
        files=("*phpmyadmin*", "pma*"),
    ),
    Interface(
        "adminer",
        "Adminer",
        marks=(
            Mark((200, 403), body=rb"<(?:input|select) [^<>]*name=[\"']auth\[(?:driver|server|username)\][\"']"),
            Mark((200, 302, 403), header=("set-cookie", r"^adminer_sid=")),
        ),
        shut=f"{BY_PATH}; or remove its file, and put it there when it is needed",
        paths=("/adminer/", "/adminer.php", "/adminer", "/editor.php", "/adminer/adminer/"),
        folders=("/usr/share/adminer",),
        files=("adminer*.php",),
    ),
    Interface(
        "pgadmin",
        "pgAdmin",
        marks=(Mark((200, *LED, 401), header=("set-cookie", r"^(?:pga4_session|PGADMIN_LANGUAGE)=")),),
        shut=f"{BY_PATH}; or stop its service",
        paths=("/pgadmin4/", "/pgadmin/", "/"),
        page="login",
        programs=("gunicorn", "pgadmin4"),
        ports=(5050,),
        folders=("/usr/pgadmin4/web",),
    ),
    Interface(
        "tomcat",
        "Tomcat manager",
        marks=(
            Mark((401,), header=("www-authenticate", r"realm=\"Tomcat Manager Application\"")),
            Mark((401, 403), body=together(rb"<h1>40[13] ", rb"By default the Manager is only accessible ")),
        ),
        shut="admit its clients alone with a RemoteCIDRValve in the context of the manager, or remove tomcat*-admin",
        paths=("/manager/",),
        page="html",
        programs=("java",),
        ports=(8080,),
    ),
    Interface(
        "tomcat-host-manager",
        "Tomcat host manager",
        marks=(
            Mark((401,), header=("www-authenticate", r"realm=\"Tomcat Host Manager Application\"")),
            Mark((401, 403), body=together(rb"<h1>40[13] ", rb"By default the Host Manager is only accessible ")),
        ),
        shut="admit its clients alone with a RemoteCIDRValve in its context, or remove tomcat*-admin",
        paths=("/host-manager/",),
        page="html",
        programs=("java",),
        ports=(8080,),
    ),
    Interface(
        "jenkins",
        "Jenkins",
        marks=(Mark((200, *LED, 401, 403, 503), header=("x-jenkins", r"^\d+\.")),),
        shut="let it listen on loopback (--httpListenAddress=127.0.0.1) behind a proxy that admits its users alone",
        paths=("/jenkins/", "/"),
        page="login",
        programs=("java",),
        ports=(8080,),
    ),
    Interface(
        "grafana",
        "Grafana",
        marks=(
            Mark(body=rb"<script[^<>]*>[^<]*window\.(?:grafanaBootData|__grafana_boot_data_promise)\s*="),
            Mark(body=together(rb"<title>Grafana</title>", rb"window\.(?:grafanaBootData|__grafana_boot)")),
        ),
        shut="let it listen on loopback (http_addr = 127.0.0.1) behind a proxy that admits its users alone",
        paths=("/grafana/", "/"),
        page="login",
        programs=("grafana", "grafana-server"),
        ports=(3000,),
    ),
    Interface(
        "kibana",
        "Kibana",
        marks=(Mark((200, *LED, 401, 403, 503), header=("kbn-name", r".")),),
        shut="let it listen on loopback (server.host: localhost) behind a proxy that admits its users alone",
        paths=("/kibana/", "/"),
        programs=("node", "kibana"),
        ports=(5601,),
    ),
    Interface(
        "prometheus",
        "Prometheus",
        marks=(Mark(body=rb"\APrometheus(?: Server)? is Healthy\."),),
        shut="let it listen on loopback (--web.listen-address=127.0.0.1:9090)",
        paths=("/prometheus/", "/"),
        page="-/healthy",
        programs=("prometheus",),
        ports=(9090,),
    ),
    Interface(
        "alertmanager",
        "Alertmanager",
        marks=(Mark(body=together(rb"\A\{\"cluster\":\{", rb"\"config\":\{\"original\":")),),
        shut="let it listen on loopback (--web.listen-address=127.0.0.1:9093)",
        paths=("/alertmanager/", "/"),
        page="api/v2/status",
        programs=("prometheus-aler", "alertmanager"),
        ports=(9093,),
    ),
    Interface(
        "consul",
        "Consul",
        marks=(
            Mark(body=rb"<meta [^<>]*name=\"consul-ui/config/environment\""),
            Mark(body=rb"<script [^<>]*data-consul-ui-config"),
            Mark(body=rb"<!-- CONSUL_VERSION:"),
        ),
        shut='switch it off (ui_config { enabled = false }), or bind HTTP to loopback (client_addr = "127.0.0.1")',
        paths=("/",),
        page="ui/",
        programs=("consul",),
        ports=(8500, 8501),
    ),
    Interface(
        "portainer",
        "Portainer",
        marks=(Mark(body=rb"<html [^<>]*ng-app=\"portainer\""),),
        shut="publish its port on loopback alone (-p 127.0.0.1:9443:9443)",
        paths=("/portainer/", "/"),
        programs=("portainer",),
        ports=(9443, 9000),
    ),
    Interface(
        "traefik",
        "Traefik dashboard",
        marks=(
            Mark(body=together(rb"<title>Traefik(?: Proxy)?</title>", rb"(?:<app-root|id=\"?(?:q-app|app|root)\b)")),
        ),
        shut="set api.insecure to false, or give its entry point an address of loopback (:8080 is everywhere)",
        paths=("/dashboard/",),
        programs=("traefik",),
        ports=(8080,),
    ),
    Interface(
        "rabbitmq",
        "RabbitMQ management",
        marks=(
            Mark(
                body=together(rb"<title>RabbitMQ Management</title>", rb"<script src=\"js/(?:ejs|base64|global|main)")
            ),
        ),
        shut="let it listen on loopback (management.tcp.ip = 127.0.0.1), or disable the plugin rabbitmq_management",
        paths=("/rabbitmq/", "/rabbit/", "/"),
        programs=("beam.smp",),
        ports=(15672, 15671),
    ),
    Interface(
        "couchdb",
        "CouchDB Fauxton",
        marks=(
            Mark(body=together(rb"<title>Project Fauxton</title>", rb"id=\"?(?:home|app-container|primary-navbar)\b")),
        ),
        shut="let it listen on loopback (bind_address of [chttpd]), or admit its users alone in a proxy before it",
        paths=("/_utils/", "/couchdb/_utils/"),
        programs=("beam.smp",),
        ports=(5984, 6984),
    ),
    Interface(
        "solr",
        "Solr",
        marks=(Mark(body=rb"<html [^<>]*ng-app=\"solrAdminApp\""),),
        shut="let it listen on loopback (SOLR_JETTY_HOST=127.0.0.1)",
        paths=("/solr/",),
        programs=("java",),
        ports=(8983,),
    ),
    Interface(
        "cockpit",
        "Cockpit",
        marks=(Mark((200, 401), body=rb"<input [^<>]*id=\"login-user-input\""),),
        shut="let cockpit.socket listen on loopback (ListenStream=127.0.0.1:9090), or disable it",
        paths=("/cockpit/", "/"),
        programs=("cockpit-tls", "cockpit-ws"),
        ports=(9090,),
    ),
    Interface(
        "webmin",
        "Webmin",
        marks=(
            Mark((200, *LED, 401, 403), header=("server", r"^MiniServ/")),
            Mark((200, 401), body=rb"<form [^<>]*action=\"[^\"]*/session_login\.cgi\""),
        ),
        shut="let it listen on loopback (bind=127.0.0.1 in miniserv.conf), or admit its users alone (allow=)",
        paths=("/webmin/", "/"),
        programs=("miniserv.pl", "perl"),
        ports=(10000,),
    ),
    Interface(
        "server-status",
        "Apache status",
        marks=(
            Mark(body=together(rb"<title>Apache Status</title>", rb"<h1>Apache Server Status for ")),
            Mark(body=together(rb"<title>Server Information</title>", rb"<h1[^<>]*>Apache Server Information</h1>")),
        ),
        shut="admit this host alone (Require local) in its Location, or disable mod_status and mod_info",
        paths=("/server-status", "/server-info"),
    ),
    Interface(
        "phpinfo",
        "phpinfo",
        marks=(
            Mark(body=together(rb"<title>(?:PHP [0-9][^<]* - )?phpinfo\(\)</title>", rb"<h1 class=\"p\">PHP Version ")),
        ),
        shut="remove the file",
        paths=("/phpinfo.php", "/info.php", "/test.php", "/i.php", "/php.php", "/phpinfo"),
        files=("*phpinfo*.php", "info*.php"),
    ),
)
