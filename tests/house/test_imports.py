"""Imports point left, nowhere in a circle, and some rooms stay shut to others (DESIGN, the import line)."""

import graphlib

import pytest
from house.source_tree import LINE, ROOT, Import, imports, modules

EVERY_IMPORT = [found for module in modules().values() for found in imports(module)]
OURS = [found for found in EVERY_IMPORT if found.ours]

ADMIN_LINE = ("store", "accounts", "library", "senders", "campaigns", "tracking", "reports", "api", "web", "cli")
ADMIN_BESIDE = ({"tracking", "reports"}, {"api", "web", "cli"})
"""Folders of admin on the same step: neither is left of the other."""


def admin_room(name: str) -> str:
    parts = name.split(".")
    return parts[1] if parts[0] == "admin" and len(parts) > 1 else ""


def points_right(importer: str, target: str, line: tuple[str, ...]) -> bool:
    return importer in line and target in line and line.index(target) > line.index(importer)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def test_a_folder_imports_only_from_folders_to_its_left() -> None:
    assert [str(f) for f in OURS if points_right(f.importer.folder, f.target.split(".")[0], LINE)] == []


def test_inside_admin_imports_follow_the_inner_line() -> None:
    wrong = [
        str(f)
        for f in OURS
        if points_right(a := admin_room(f.importer.name), b := admin_room(f.target), ADMIN_LINE)
        and not any({a, b} <= step for step in ADMIN_BESIDE)
    ]
    assert wrong == []


def test_only_the_command_line_may_import_the_composition_root() -> None:
    wrong = [f for f in OURS if f.target == "admin.serve" and admin_room(f.importer.name) != "cli"]
    assert [str(f) for f in wrong] == []


def test_our_own_modules_are_imported_relatively() -> None:
    """conf/policy.py is the operator's file and is loaded from anywhere, so it alone names the package."""
    assert [str(f) for f in OURS if not f.relative and f.importer.name != "conf.policy"] == []


def test_the_shipped_policy_file_sees_only_the_types_of_the_hooks() -> None:
    seen = {f.target for f in OURS if f.importer.name == "conf.policy"}
    assert seen <= {"policy.hooks"}


def test_no_import_goes_in_a_circle_also_not_under_type_checking() -> None:
    graph: dict[str, set[str]] = {}
    for found in OURS:
        if found.target != found.importer.name:
            graph.setdefault(found.importer.name, set()).add(found.target)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail("imports in a circle: " + " ← ".join(error.args[1]))


@pytest.mark.parametrize(
    ("folder", "refused"),
    [
        ("mta", {"sqlite3", "aiosqlite"}),
        ("policy", {"socket", "ssl", "sqlite3", "aiosqlite", "aiosmtpd"}),
        ("queue", {"aiosmtpd", "socketserver", "http"}),
    ],
)
def test_a_folder_does_not_touch_what_is_not_its_business(folder: str, refused: set[str]) -> None:
    wrong = [
        f for f in EVERY_IMPORT if not f.ours and f.importer.folder == folder and f.target.split(".")[0] in refused
    ]
    assert [str(f) for f in wrong] == []


def test_the_simulator_does_not_use_the_code_that_it_exists_to_check() -> None:
    checked = ("mta.delivery", "mta.dkim", "mta.submission", "mta.message.dsn")
    wrong = [f for f in OURS if inside(f.importer.name, "mta.simulator") and any(inside(f.target, c) for c in checked)]
    assert [str(f) for f in wrong] == []


def test_nothing_left_of_admin_depends_on_the_simulator() -> None:
    wrong = [f for f in OURS if inside(f.target, "mta.simulator") and not _may_use_simulator(f)]
    assert [str(f) for f in wrong] == []


def _may_use_simulator(found: Import) -> bool:
    return found.importer.folder == "admin" or inside(found.importer.name, "mta.simulator")


def test_every_import_of_ours_leads_to_a_module_that_exists() -> None:
    names = set(modules()) | {"", "__version__", "queue"}
    assert [str(f) for f in OURS if f.target not in names] == []


def test_the_walk_sees_the_house() -> None:
    """Guards the tests above against an empty list."""
    assert any(f.importer.name == "mta.outcome" and f.target == "mta.reply" for f in OURS)
    assert (ROOT / "pyproject.toml").is_file()
