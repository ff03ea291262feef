# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a urls.py leads to, in the ways in which projects write it."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import django_urls

HEAD = "from django.contrib import admin\nfrom django.urls import include, path, re_path\n"


@pytest.mark.parametrize(
    ("patterns", "admin"),
    [
        ('urlpatterns = [path("admin/", admin.site.urls)]', ("admin/",)),
        ('urlpatterns = [path("s3cret-9/", admin.site.urls, name="x")]', ("s3cret-9/",)),
        ('urlpatterns = [re_path(r"^back\\-office/", admin.site.urls)]', ("back-office/",)),
        ('urlpatterns = [url(r"^admin/", include(admin.site.urls))]', ("admin/",)),
        ('urlpatterns = i18n_patterns(path("admin/", admin.site.urls)) + [path("", home)]', ("en/admin/",)),
        ('urlpatterns = []\nurlpatterns += [path("crm/", crm_site.urls), path("a/", site.urls)]', ("crm/", "a/")),
        ('urlpatterns = [path("", admin.site.urls)]', ("",)),
        ('if settings.DEBUG:\n    urlpatterns = [path("dev/", admin.site.urls)]', ("dev/",)),
        ("urlpatterns = [path(settings.ADMIN_URL, admin.site.urls)]", ()),
        ('urlpatterns = [path("<slug:tenant>/admin/", admin.site.urls)]', ()),
        ('urlpatterns = [re_path(r"^(a|b)/", admin.site.urls)]', ()),
        ('urlpatterns = [path("admin/", views.admin)]', ()),
        ('# path("admin/", admin.site.urls)', ()),
        ("text = \"path('admin/', admin.site.urls)\"", ()),
    ],
)
def test_the_routes_of_the_administration(patterns: str, admin: tuple[str, ...]) -> None:
    assert set(django_urls.parse(HEAD + patterns).admin) == set(admin)


@pytest.mark.parametrize(
    "written",
    ['include("shop.urls")', 'include(("shop.urls", "shop"), namespace="s")', "include(shop.urls)"],
)
def test_what_is_included(written: str) -> None:
    assert django_urls.parse(f'urlpatterns = [path("shop/", {written})]').includes == (("shop/", "shop.urls"),)


def test_an_administration_is_no_module() -> None:
    assert django_urls.parse('urlpatterns = [url("^a/", include(admin.site.urls))]').includes == ()


@pytest.mark.parametrize("text", ["urlpatterns = [", "\0", "(" * 5000, "\udcff = 1"])
def test_what_is_no_python(text: str) -> None:
    with pytest.raises(ValueError, match=r"Python|surrogates|null"):
        django_urls.parse(text)
