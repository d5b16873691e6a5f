"""What a verb prints is its own: log lines are a server's. In a process of its own, since pytest catches logs."""

import subprocess
import sys
from pathlib import Path


def test_a_verb_without_a_server_writes_no_log_lines_to_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "youtong.toml").write_text('[server]\nhostname = "mail.example.net"\n')
    script = (
        "import logging, sys; from youtong.admin.cli.main import run; code = run(['config', 'check']);"
        "logging.getLogger('youtong.queue').warning('suspended id=1'); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
