"""Sixty odd formulas of the literature, read by hand.

READABLE: the text as printed, the moles of each element worked out by hand, and the rule that
reads it. DOUBTFUL: a text that must not be read without a person, why, and what is suggested.
"""

from __future__ import annotations

READABLE: list[tuple[str, dict[str, float], str]] = [
    ("0.7Li2S-0.3P2S5", {"Li": 1.4, "P": 0.6, "S": 2.2}, "mole-fractions"),
    ("0.75Li2S-0.25P2S5", {"Li": 1.5, "P": 0.5, "S": 2.0}, "mole-fractions"),
    (" (0.75Li2S-0.25P2S5)", {"Li": 1.5, "P": 0.5, "S": 2.0}, "outer-blanks-removed"),
    ("0.7Li2S- 0.3P2S5", {"Li": 1.4, "P": 0.6, "S": 2.2}, "mole-fractions"),
    ("80Li2S * 20P2S5", {"Li": 1.6, "P": 0.4, "S": 1.8}, "mole-percent"),
    ("0.3 Li2S * 0.7 SiS2", {"Li": 0.6, "Si": 0.7, "S": 1.7}, "mole-fractions"),
    ("0.2(Li2S) 0.8(GeS2)", {"Li": 0.4, "Ge": 0.8, "S": 1.8}, "parts-divided-by-blank"),
    ("0.66(Li2S) 0.34(GeS2)", {"Li": 1.32, "Ge": 0.34, "S": 1.34}, "parts-divided-by-blank"),
    ("0.5(Li2O) * 0.5(P2O5)", {"Li": 1.0, "P": 1.0, "O": 3.0}, "mole-fractions"),
    ("0.30Li2S-0.7GeS\u00ad2", {"Li": 0.6, "Ge": 0.7, "S": 1.7}, "invisible-character-removed"),
    (
        "0.26B2S3 – 0.3Li2S – 0.44LiI",
        {"B": 0.52, "Li": 1.04, "S": 1.08, "I": 0.44},
        "typographic-dash",
    ),
    (
        "0.14 SiS2-0.09 P2S5-0.47 Li2S-0.30 LiI",
        {"Si": 0.14, "P": 0.18, "Li": 1.24, "S": 1.2, "I": 0.3},
        "mole-fractions",
    ),
    (
        "0.1 LiBr-0.45 SiS2-0.45 Li2S",
        {"Li": 1.0, "Br": 0.1, "Si": 0.45, "S": 1.35},
        "mole-fractions",
    ),
    (
        "0.35 LiBr-0.33 SiS2-0.33 Li2S",
        {"Li": 1.01, "Br": 0.35, "Si": 0.33, "S": 0.99},
        "mole-fractions",
    ),
    ("(0.4SiS2-0.6Li2S)", {"Si": 0.4, "Li": 1.2, "S": 1.4}, "mole-fractions"),
    (
        "0.9(0.4SiS2-0.6Li2S)-0.1LiI",
        {"Si": 0.36, "Li": 1.18, "S": 1.26, "I": 0.1},
        "mole-fractions",
    ),
    (
        "0.95(0.6Li2S-0.4SiS2)- 0.05Li4SiO4",
        {"Li": 1.34, "Si": 0.43, "S": 1.33, "O": 0.2},
        "mole-fractions",
    ),
    (
        "0.7(0.6Li2S-0.4SiS2)- 0.3Li3PO4",
        {"Li": 1.74, "Si": 0.28, "S": 0.98, "P": 0.3, "O": 1.2},
        "mole-fractions",
    ),
    (
        "0.825(0.6Li2S-0.4SiS2)-0.175Li3AlO3",
        {"Li": 1.515, "Si": 0.33, "S": 1.155, "Al": 0.175, "O": 0.525},
        "mole-fractions",
    ),
    ("0.1LiI-0.9(0.5Li2S-0.5SiS2)", {"Li": 1.0, "I": 0.1, "S": 1.35, "Si": 0.45}, "mole-fractions"),
    (
        "0.75(0.7Li2O-0.3Li2S)-0.25P2S5",
        {"Li": 1.5, "O": 0.525, "S": 1.475, "P": 0.5},
        "mole-fractions",
    ),
    (
        "0.67(0.75Li2S-0.25P2S5)-0.33LiBH4",
        {"Li": 1.335, "P": 0.335, "S": 1.34, "B": 0.33, "H": 1.32},
        "mole-fractions",
    ),
    (
        "0.815(0.45B2S3-0.55Li2S)-0.185LiI",
        {"B": 0.7335, "S": 1.5485, "Li": 1.0815, "I": 0.185},
        "mole-fractions",
    ),
    (
        "0.98(0.7Li2S-0.3P2S5)- 0.02Li2ZrO3",
        {"Li": 1.412, "P": 0.588, "S": 2.156, "Zr": 0.02, "O": 0.06},
        "mole-fractions",
    ),
    (
        "0.7Li2S-0.29P2S5-0.01Li3PO4",
        {"Li": 1.43, "P": 0.59, "S": 2.15, "O": 0.04},
        "mole-fractions",
    ),
    ("0.05Li2S-0.75Li2O-0.2P2S5", {"Li": 1.6, "S": 1.05, "O": 0.75, "P": 0.4}, "mole-fractions"),
    ("0.667Li2S-0.333P2S3", {"Li": 1.334, "P": 0.666, "S": 1.666}, "mole-fractions"),
    ("0.2Li3N-0.8SiS2", {"Li": 0.6, "N": 0.2, "Si": 0.8, "S": 1.6}, "mole-fractions"),
    ("0.95Li6Si2S7-0.05Li6B4S9", {"Li": 6.0, "Si": 1.9, "B": 0.2, "S": 7.1}, "mole-fractions"),
    ("0.998LiI-0.002CaI2", {"Li": 0.998, "Ca": 0.002, "I": 1.002}, "mole-fractions"),
    ("0.6LiI-0.4Al2O3", {"Li": 0.6, "I": 0.6, "Al": 0.8, "O": 1.2}, "mole-fractions"),
    (
        "0.1Li2O-0.1LiCl-0.65B2O3-0.1SiO2-0.05Al2O3",
        {"Li": 0.3, "Cl": 0.1, "B": 1.3, "Si": 0.1, "Al": 0.1, "O": 2.4},
        "mole-fractions",
    ),
    (
        "0.545Li2O-0.045Al2O3-0.01TiO2-0.4P2O5",
        {"Li": 1.09, "Al": 0.09, "Ti": 0.01, "P": 0.8, "O": 2.7},
        "mole-fractions",
    ),
    (
        "14Li2O-9Al2O3-38TiO2-39P2O5",
        {"Li": 0.28, "Al": 0.18, "Ti": 0.38, "P": 0.78, "O": 3.12},
        "mole-percent",
    ),
    (
        "0.8LiTi2(PO4)3-0.2Li3PO4",
        {"Li": 1.4, "Ti": 1.6, "P": 2.6, "O": 10.4},
        "mole-fractions",
    ),
    ("LiTi2(PO4)3-0.2Li2O", {"Li": 1.4, "Ti": 2, "P": 3, "O": 12.2}, "additive-per-formula-unit"),
    (
        "LiTi2(PO4)3-0.1Li4P2O7",
        {"Li": 1.4, "Ti": 2, "P": 3.2, "O": 12.7},
        "additive-per-formula-unit",
    ),
    (
        "LiTi2(PO4)3-1.5LiBO3",
        {"Li": 2.5, "Ti": 2, "P": 3, "B": 1.5, "O": 16.5},
        "additive-per-formula-unit",
    ),
    (
        "LiTi2(PO4)3-0.4LiNO3",
        {"Li": 1.4, "Ti": 2, "P": 3, "N": 0.4, "O": 13.2},
        "additive-per-formula-unit",
    ),
    (
        "Li1.3Al0.3Ti1.7(PO4)3-0.3Li2O",
        {"Li": 1.9, "Al": 0.3, "Ti": 1.7, "P": 3, "O": 12.3},
        "additive-per-formula-unit",
    ),
    (
        "Li7La3Zr2O12-0.3Ga",
        {"Li": 7, "La": 3, "Zr": 2, "O": 12, "Ga": 0.3},
        "dopant-per-formula-unit",
    ),
    (
        "Li6.5La3Zr1.75Te0.25O12-0.07Al",
        {"Li": 6.5, "La": 3, "Zr": 1.75, "Te": 0.25, "O": 12, "Al": 0.07},
        "dopant-per-formula-unit",
    ),
    ("(2Li2S-P2S5)", {"Li": 4, "P": 2, "S": 7}, "mole-ratio"),
    ("(2Li2S-P2S5)0.85(LiI)0.15", {"Li": 3.55, "P": 1.7, "S": 5.95, "I": 0.15}, "mole-ratio"),
    ("Li2S*P2S5", {"Li": 2, "P": 2, "S": 6}, "adduct-one-of-each"),
    ("Li2S*P2S5*Li3N", {"Li": 5, "P": 2, "S": 6, "N": 1}, "adduct-one-of-each"),
    ("LiCl*H2O", {"Li": 1, "Cl": 1, "H": 2, "O": 1}, "hydrate"),
    (
        "Li3(Mo8S8O8(OH)8(HWO5(H2O)))*(H2O)18",
        # O: 8 + 8 + 5 + 1 = 22 in the salt; H: 8 + 1 + 2 = 11; and 18 H2O.
        {"Li": 3, "Mo": 8, "S": 8, "O": 40, "H": 47, "W": 1},
        "hydrate",
    ),
    ("β-Li8GeP4", {"Li": 8, "Ge": 1, "P": 4}, "polymorph-prefix"),
    ("r-LiAlO2", {"Li": 1, "Al": 1, "O": 2}, "polymorph-prefix"),
    ("Li3PS4 ", {"Li": 3, "P": 1, "S": 4}, "outer-blanks-removed"),
    (
        "Li1.4Al0.4Ti1.6 (PO4)3",
        {"Li": 1.4, "Al": 0.4, "Ti": 1.6, "P": 3, "O": 12},
        "inner-blank-removed",
    ),
    (
        "La0.62 Li0.14(Mg0.5W0.5)O3",
        {"La": 0.62, "Li": 0.14, "Mg": 0.5, "W": 0.5, "O": 3},
        "inner-blank-removed",
    ),
    ("Li0.6[Li0.2Sn0.8S2]", {"Li": 0.8, "Sn": 0.8, "S": 2}, "plain"),
    ("Li10GeP2S12", {"Li": 10, "Ge": 1, "P": 2, "S": 12}, "plain"),
]

DOUBTFUL: list[tuple[str, str, str | None]] = [
    ("Lao.51Li0.34TiO2.94", "letter-o-for-zero", "La0.51Li0.34TiO2.94"),
    ("Lio.1Zr1.1Nb0.9P3O12", "letter-o-for-zero", "Li0.1Zr1.1Nb0.9P3O12"),
    ("Li0.31La0.63((Ti0.9Co0.1)O3", "unbalanced-brackets", "Li0.31La0.63(Ti0.9Co0.1)O3"),
    ("0.9Li3PS4·10ZnO", "fractions-do-not-add-up", "0.9Li3PS4*0.1ZnO"),
    ("0.7(Li2O) * 0.5(P2O5)", "fractions-do-not-add-up", "0.7(Li2O)*0.3(P2O5)"),
    ("0.3 LiBr-0.3 SiS2-0.35 Li2S", "fractions-do-not-add-up", None),
    ("SiS2-Li2S", "amounts-not-told", "0.5SiS2-0.5Li2S"),
    ("0.8(SiS2-Li2S)-0.2LiCl", "amounts-not-told", "0.8(0.5SiS2-0.5Li2S)-0.2LiCl"),
    ("Li7La3Zr2O12-Ga", "amounts-not-told", None),
    ("0.45Li2-0.55SiS2", "component-is-a-metal", "0.45Li2S-0.55SiS2"),
    (
        "0.8(0.55Li2-0.45SiS2)-0.2(0.55Li2O-0.45P2O5)",
        "component-is-a-metal",
        "0.8(0.55Li2S-0.45SiS2)-0.2(0.55Li2O-0.45P2O5)",
    ),
]
