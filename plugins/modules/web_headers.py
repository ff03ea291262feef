#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: web_headers
short_description: Hold web sites to Mozilla's guideline for web security
version_added: "1.0.0"
description:
  - Asks each site of nginx, Apache httpd and HAProxy that other hosts reach (each name at each port), over loopback, and judges what it
    answers. A site is every name that the configuration has, and what is served to all other names.
  - Rule V(web_headers.redirect) fails where who comes in clear is not led to TLS. M(infosec.principles.service_tls) leads there
    where the register asks TLS of the port.
  - Rule V(web_headers.hsts) fails where browsers are not told for six months or more to come by TLS alone, also where the header came
    twice, so that they take none of it.
  - Rule V(web_headers.frame_options) fails where anybody may frame the site, V(web_headers.csp) where no content security policy is in
    force, or not the one that was given for it.
  - Rule V(web_headers.content_type_options) fails without C(nosniff), V(web_headers.referrer_policy) where other sites are told more than
    which site a visitor comes from.
  - Rule V(web_headers.cookies) fails for cookies of the front page without C(Secure), for sessions without C(HttpOnly), and for those that
    browsers do not take; V(web_headers.cors) where any site may read the answers with the visitor's cookies;
    V(web_headers.resource_loading) where the front page brings in something in clear, V(web_headers.integrity) where it runs scripts of
    others without C(integrity).
  - Rule V(web_headers.version_banner) fails where answers name versions, V(web_headers.obsolete_headers) where they have C(Public-Key-Pins)
    or C(X-XSS-Protection).
  - Rule V(web_headers.grade) fails below O(minimum_score). The score is that of Mozilla's Observatory, as published; its evidence has each test with
    its points and what to do next. Where a fix changed it, the note begins with both.
  - A fix writes a snippet of our own for nginx or Apache httpd, edits lines that outweigh it, has the server check and reload its
    configuration, and asks each site again. What an application sends itself is kept, unless it breaks the rule.
  - In Apache httpd the snippet has C(<If>) sections, which count behind all others, so that files of others stay as they are. Where
    C(mod_headers) is not loaded, the link of the distribution loads it, unless something in the configuration waits for it. What Apache
    answers before it looks at sections has no headers of ours (to what is no valid request, and by C(mod_security) in its first phase), nor
    have pages that C(mod_cache) keeps from before.
  - By default it breaks nothing but framing by sites that nobody declared (O(framed_by)). The content security policy is
    C(frame-ancestors) alone, and only where there is none. Others that C(ALLOW-FROM) or a policy that only reports name count as declared.
  - C(Strict-Transport-Security) is not sent where the certificate is not valid for the name, where nothing answers for it by TLS at port
    443, or where something else at this name is served in clear at another port, unless the register (O(services)) lets nobody come to
    that. Nor is C(nosniff) where scripts or styles of the front page come with other types.
  - It is the front page that is judged. Of nginx's locations with an C(add_header) of their own it is told, too, where they lose a header
    that the front page has.
  - Redirects, cookies, CORS and pages are the application's or another control's, and HAProxy's configuration is not written; such findings
    carry the steps. What listens on loopback alone is not judged, since others stand before it.
options:
  csp:
    description:
      - The content security policy, without a line break, double quotes, backslashes and dollar signs. Where it has no C(frame-ancestors),
        that is added.
      - Where it is empty, a site without a policy gets one that says who may frame it, and nothing else.
    type: str
    default: ""
  csp_mode:
    description:
      - With V(report_only) the policy of O(csp) goes out as C(Content-Security-Policy-Report-Only), so that browsers report what it would
        block (in their consoles, and to its C(report-to)) and block nothing.
      - With V(enforce) it is in force, in place of any that the site sends.
    type: str
    choices: [report_only, enforce]
    default: report_only
  framed_by:
    description:
      - Other sites that may frame these, each as a source of a policy, such as V(https://partner.example.org).
      - That is said by C(frame-ancestors), which outweighs the C(X-Frame-Options) that a site may send besides.
    type: list
    elements: str
    default: []
  frame_options:
    description: Whether sites may frame their own pages.
    type: str
    choices: [SAMEORIGIN, DENY]
    default: SAMEORIGIN
  hsts_max_age:
    description:
      - Seconds for which browsers come by TLS alone after each visit. Start with V(300) where you are not sure; the rule passes from six months
        (15768000) on.
    type: int
    default: 63072000
  hsts_include_subdomains:
    description: Whether that is for all names below the site's own, too, each of which has to be served by TLS then.
    type: bool
    default: false
  hsts_preload:
    description: Whether the site says that browsers may build its name in. That cannot be taken back for months.
    type: bool
    default: false
  referrer_policy:
    description: What browsers tell other sites of the page that a visitor comes from; the default is what they do by themselves.
    type: str
    choices: [no-referrer, same-origin, strict-origin, strict-origin-when-cross-origin]
    default: strict-origin-when-cross-origin
  minimum_score:
    description: The score below which a site fails; V(80) is B+, V(100) is A+.
    type: int
    default: 80
  sites:
    description:
      - What is otherwise for some sites. The first entry that has the name counts, with those of its settings that it has.
    type: list
    elements: dict
    default: []
    suboptions:
      names:
        description: Names as the configuration has them, or patterns with V(*) and V(?).
        type: list
        elements: str
        required: true
      csp:
        description: As O(csp).
        type: str
      csp_mode:
        description: As O(csp_mode).
        type: str
        choices: [report_only, enforce]
      framed_by:
        description: As O(framed_by).
        type: list
        elements: str
      frame_options:
        description: As O(frame_options).
        type: str
        choices: [SAMEORIGIN, DENY]
      hsts_max_age:
        description: As O(hsts_max_age).
        type: int
      hsts_include_subdomains:
        description: As O(hsts_include_subdomains).
        type: bool
      hsts_preload:
        description: As O(hsts_preload).
        type: bool
      referrer_policy:
        description: As O(referrer_policy).
        type: str
        choices: [no-referrer, same-origin, strict-origin, strict-origin-when-cross-origin]
      minimum_score:
        description: As O(minimum_score).
        type: int
      enforce:
        description: Whether to fix what fails there; V(false) leaves these sites as they are.
        type: bool
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.services
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.service_tls
  - name: Mozilla's guideline for web security
    description: Where the rules come from.
    link: https://infosec.mozilla.org/guidelines/web_security
"""

EXAMPLES = r"""
- name: Report what the sites of a host answer, and their grades
  infosec.principles.web_headers:
    enforce: false

- name: Mend the headers; one site has a policy of its own, and one is framed by a partner
  infosec.principles.web_headers:
    sites:
      - names: [shop.example.org]
        csp: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'"
        csp_mode: enforce
        minimum_score: 100
      - names: [widget.example.org]
        framed_by: [https://partner.example.org]
      - names: ["*.legacy.example.org"]
        enforce: false
"""

RETURN = r"""
findings:
  description:
    - One record for each rule and subject that was judged, also for what passes; sorted by control, rule and subject.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: Name of the control.
      returned: success
      type: str
      sample: web_headers
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: web_security
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: web_headers.hsts
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: shop.example.org (nginx.service 443/tcp)
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: fixed
    status_before:
      description: The status before any fix; the same as RV(findings[].status) in check mode.
      returned: success
      type: str
      sample: fail
    risk:
      description: One of V(low), V(medium), V(high), V(maximum).
      returned: success
      type: str
      sample: high
    message:
      description: What was found, in one sentence.
      returned: success
      type: str
    note:
      description: What the fix did, or why it failed; empty where nothing was fixed.
      returned: success
      type: str
    evidence:
      description: Where it was read (RV(ignore:source)), what was found and what was expected. Never a secret.
      returned: success
      type: list
      elements: dict
    remedy:
      description: What a person does about it.
      returned: success
      type: str
    reference:
      description: The page that the rule comes from.
      returned: success
      type: str
    fix:
      description: One line for each change that puts it right; empty where there is no fix.
      returned: success
      type: list
      elements: str
    diff:
      description: Before and after of each of these changes.
      returned: success
      type: list
      elements: dict
run_id:
  description: Names this run in the journal of the host; empty where nothing was written.
  returned: success
  type: str
  sample: 20261124T130744.123456Z-1f09ab
packages:
  description: Packages that the host still waits for. The action plugin installs them and goes on, so that users see an empty list.
  returned: success
  type: list
  elements: str
confirm:
  description:
    - Seconds within which a new connection has to confirm the guarded changes of this run. The action plugin does that, so that users see V(0).
  returned: success
  type: int
  sample: 0
package_manager:
  description: The module that installs packages on this host; V(auto) lets M(ansible.builtin.package) find out.
  returned: success
  type: str
  sample: apt
"""

from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security.web_headers import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
