# Sourced by ./run, ./test and .ci/run, from the repository's root: makes .venv from the lock, or leaves it be.

# The first Python that is new enough and can make an environment; the lock was made with 3.11.
find_python() {
    for python in python3.11 python3.12 python3.13 python3 python; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo "Regulars needs Python 3.11 or newer with its venv module (Debian: apt-get install python3-venv)." >&2
    return 1
}

# ensure_venv requirements.txt ...: each file is installed once, and again whenever it changes.
ensure_venv() {
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        python=$(find_python) || return 1
        echo "Making .venv with $("$python" --version)"
        "$python" -m venv --clear .venv
    fi
    for locked in "$@"; do
        if ! cmp -s "$locked" ".venv/.installed-$locked"; then
            echo "Installing $locked (a minute or so the first time)"
            .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
                --require-hashes --requirement "$locked" || return 1
            cp "$locked" ".venv/.installed-$locked"
        fi
    done
}
