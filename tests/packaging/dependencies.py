# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""dependencies.py SOURCE [RECIPES]: all that the build requires is in the packages
of quickstart, in the README and in the recipe for Spack. That is read without
Spack, and has options of CMakeLists.txt and variants of its own. With RECIPES, the folder `packages` of a clone of spack-packages, the
packages and variants that it asks for are those of the recipes there."""

import contextlib
import pathlib
import re
import sys
import types

source = pathlib.Path(sys.argv[1])
failures = []


class Recipe:
    """What a recipe declares; every word that is not listed does nothing."""

    def __init__(self, path):
        self.variants, self.dependencies, self.conditions = {}, [], []
        self.names = {
            "variant": lambda name, **rest: self.variants.setdefault(name, rest),
            "depends_on": lambda spec, **rest: self.dependencies.append((spec, rest)),
            "conflicts": lambda spec, when="", **rest: self.conditions.extend([spec, when]),
            "when": self.when,
        }
        self.text = path.read_text()
        modules = {name: types.ModuleType(name) for name in (
            "spack_repo", "spack_repo.builtin", "spack_repo.builtin.build_systems",
            "spack_repo.builtin.build_systems.cmake", "spack", "spack.package")}
        modules["spack_repo.builtin.build_systems.cmake"].CMakePackage = type("CMakePackage", (), {
            "define_from_variant": lambda self, option, variant: (option, variant),
            "define": lambda self, option, value: (option, None),
            "run_tests": False})
        package = modules["spack.package"]
        vars(package).update(self.names, version=ignore, license=ignore, maintainers=ignore)
        sys.modules.update(modules)
        scope = {"__file__": str(path.resolve()), "__name__": "recipe"}
        exec(compile(self.text, str(path), "exec"), scope)
        self.package = scope["DealiiLsr"]

    @contextlib.contextmanager
    def when(self, condition):
        self.conditions.append(condition)
        yield


def ignore(*_, **__):
    pass


def variants_of(spec):
    return re.findall(r"[+~]([\w-]+)", spec)


def expect(condition, message):
    if not condition:
        failures.append(message)


folder = source / "plugin/packaging/spack/spack_repo/dealii_lsr"
recipe = Recipe(folder / "packages/dealii_lsr/package.py")
expect((folder / "repo.yaml").read_text().count("namespace: dealii_lsr") == 1, "repo.yaml: namespace")
expect(pathlib.Path(recipe.package.git.removeprefix("file://")) == source.resolve(),
       f"the recipe's repository is {recipe.package.git}, not {source.resolve()}")

# Options are those of CMake, with the same defaults.
options = dict(re.findall(r'option\((\w+) "[^"]*" (\w+)\)', (source / "CMakeLists.txt").read_text()))
for option, variant in recipe.package().cmake_args():
    expect(option in options, f"CMakeLists.txt has no option {option}")
    if variant is not None:
        expect(variant in recipe.variants, f"the recipe has no variant {variant}")
        expect(recipe.variants[variant]["default"] == (options.get(option) == "ON"),
               f"{option} and {variant} have different defaults")
for spec in recipe.conditions + [rest.get("when", "") for _, rest in recipe.dependencies]:
    for variant in variants_of(spec):
        expect(variant in recipe.variants, f"the recipe has no variant {variant}: {spec}")

# All that cmake/Dependencies.cmake looks for: in the recipe, as a package of
# Debian, in the README.
names = {
    "deal.II": ("dealii", "libdeal.ii-dev", "deal.II"),
    "MPI": ("mpi", "libdeal.ii-dev", "MPI"),
    "Kokkos": ("kokkos", "libdeal.ii-dev", "Kokkos"),
    "KokkosKernels": ("kokkos-kernels", "libdeal.ii-dev", "Kokkos Kernels"),
    "OpenMP": ("cxx", "g++", "OpenMP"),
    "LAPACK": ("lapack", "libopenblas-openmp-dev", "LAPACK"),
    "Boost": ("boost", "libboost-dev", "Boost"),
    "HDF5": ("hdf5", "libdeal.ii-dev", "HDF5"),
    "Torch": ("py-torch", "libtorch-dev", "LibTorch"),
    "libzip": ("libzip", "libzip-dev", "libzip"),
    "ZLIB": ("zlib-api", "zlib1g-dev", "zlib"),
    "OpenSSL": ("openssl", "libdeal.ii-dev", "OpenSSL"),
    "nlohmann_json": ("nlohmann-json", "nlohmann-json3-dev", "nlohmann-json"),
    "CLI11": ("cli11", "libcli11-dev", "CLI11"),
    "GTest": ("googletest", "libgtest-dev", "GoogleTest"),
    "CUDAToolkit": ("cuda", None, None)}
text = (source / "cmake/Dependencies.cmake").read_text()
required = re.findall(r"find_package\(([\w.]+)", text)
required += ["libzip"] * ("zip.h" in text) + ["GTest"]
asked = {re.split(r"[@+~]", spec)[0] for spec, _ in recipe.dependencies}
quickstart = (source / "quickstart").read_text()
packages = re.search(r"\npackages=\((.*?)\)", quickstart, re.S).group(1).split()
elsewhere = re.search(r"install these yourself:\n(.*?)and then run", quickstart, re.S).group(1)
readme = re.search(r"\n## Requirements\n(.*?)\n## ", (source / "README.md").read_text(), re.S).group(1)
for name in required:
    if name not in names:
        failures.append(f"unknown to this test: find_package({name})")
        continue
    spack, debian, word = names[name]
    expect(spack in asked, f"the recipe for Spack lacks {spack}")
    if debian is not None:
        expect(debian in packages, f"quickstart lacks the package {debian}")
        expect(word in readme, f"the README's requirements lack {word}")
        expect(word in elsewhere, f"quickstart's list for other systems lacks {word}")

if len(sys.argv) > 2:
    # Variants made in loops or inherited are not written out in the recipes.
    inherited = {"cuda", "rocm", "mpi", "blas", "cublas", "cusparse", "cuda_lambda"}
    for spec, _ in recipe.dependencies:
        name = re.split(r"[@+~]", spec)[0]
        if name in ("c", "cxx", "mpi", "lapack"):
            continue
        path = pathlib.Path(sys.argv[2]) / name.replace("-", "_") / "package.py"
        if not path.exists():
            failures.append(f"there is no recipe {path}")
            continue
        text = path.read_text()
        for variant in variants_of(spec):
            expect(f'"{variant}"' in text or variant in inherited and variant in text,
                   f"{name} has no variant {variant}")

for failure in failures:
    print("FAILED", failure)
if not failures:
    print("all passed:", len(required), "packages of CMake")
sys.exit(bool(failures))
