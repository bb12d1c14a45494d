# SPDX-License-Identifier: BSL-1.0
"""In: a folder with NIST's Statistical Reference Datasets for nonlinear regression, Misra1a.dat and others, as published at
itl.nist.gov/div898/strd/nls (a work of the United States government). Out: nist.txt, of each set the name, the numbers of
observations and of coefficients and the certified sum of squares; both starting points; the certified coefficients; x; y.

Of the 27 sets 24 are stored: Nelson has two predictors, ENSO and Roszman1 have functions that knit has not.

    python tests/data/nist.py FOLDER            # writes the file beside itself
    python tests/data/nist.py FOLDER --check    # compares with the stored one instead
"""
import pathlib
import sys

STORED = pathlib.Path(__file__).resolve().parent / "nist.txt"
SETS = """Misra1a Chwirut2 Chwirut1 Lanczos3 Gauss1 Gauss2 DanWood Misra1b Kirby2 Hahn1 MGH17 Lanczos1 Lanczos2 Gauss3 Misra1c
Misra1d MGH09 Thurber BoxBOD Rat42 MGH10 Eckerle4 Rat43 Bennett5""".split()


def row(words):
    return " ".join(repr(float(w)) for w in words)


def lines_of(path):
    lines = path.read_text().split("\n")
    count = int(lines[31].split()[0])
    coefficients = [line.split("=")[1].split() for line in lines[40:40 + count]]
    squares = next(line.split(":")[1] for line in lines[40:60] if line.strip().startswith("Residual Sum of Squares"))
    data = [line.split() for line in lines[60:] if line.strip()]
    yield f"{path.stem} {len(data)} {count} {float(squares)!r}"
    for column in range(3):
        yield row(c[column] for c in coefficients)
    for column in (1, 0):
        yield row(d[column] for d in data)


def main():
    folder = pathlib.Path(sys.argv[1])
    text = "\n".join(line for name in SETS for line in lines_of(folder / f"{name}.dat")) + "\n"
    if "--check" not in sys.argv:
        STORED.write_text(text)
    elif STORED.read_text() != text:
        sys.exit(f"{STORED.name} is not what {folder} gives")


main()
