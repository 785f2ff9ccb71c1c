# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

import os

from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class DealiiLsr(CMakePackage):
    """Linearized Subspace Refinement of neural networks in deal.II: the library
    dealii_lsr and the program lsr, which make a trained network for a partial
    differential equation more accurate by a direct solve in its tangent space."""

    homepage = "https://arxiv.org/abs/2601.13989"

    # The repository that this recipe is part of.
    git = "file://" + os.path.abspath(os.path.join(os.path.dirname(__file__), "../" * 7))

    license("Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later", checked_by="dealii_lsr")

    version("main", branch="main")

    variant(
        "build_type",
        default="Release",
        description="The build type, of deal.II's library, too",
        values=("Debug", "Release"),
    )
    variant("dealii", default=True, description="Finite elements and parameter files")
    variant("mpi", default=True, description="Distribute rows over MPI ranks")
    variant("cuda", default=False, description="Networks and dense solvers on a GPU")
    conflicts("~mpi", when="+dealii", msg="finite elements need MPI")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.20:", type="build")
    depends_on("gzip", type="build")

    # One Kokkos for deal.II, its Trilinos and this library: from 14.4 on that of
    # Trilinos is a package of its own.
    with when("+dealii"):
        depends_on("dealii@9.4:+mpi+p4est+trilinos")
        depends_on("trilinos@14.4:+kokkos")
    depends_on("kokkos")
    depends_on("kokkos-kernels+blas")
    depends_on("mpi", when="+mpi")
    depends_on("py-torch@1.13:")
    for _variant in ("+cuda", "~cuda"):
        depends_on("py-torch" + _variant, when=_variant)
        depends_on("kokkos" + _variant, when=_variant)
    depends_on("kokkos+cuda_lambda", when="+cuda")
    depends_on("kokkos-kernels+cublas+cusparse", when="+cuda")
    depends_on("cuda", when="+cuda")
    for _variant in ("+mpi", "~mpi"):
        depends_on("hdf5" + _variant, when=_variant)
    depends_on("lapack")
    depends_on("boost")
    depends_on("libzip")
    depends_on("zlib-api")
    depends_on("openssl")
    depends_on("nlohmann-json@3:")
    depends_on("cli11@2:")
    depends_on("googletest", type="test")

    # Pictures.
    depends_on("python", type="run")
    depends_on("py-numpy", type="run")
    depends_on("py-matplotlib", type="run")

    def cmake_args(self):
        return [
            self.define_from_variant("LSR_WITH_DEALII", "dealii"),
            self.define_from_variant("LSR_WITH_MPI", "mpi"),
            self.define("LSR_BUILD_TESTS", self.run_tests),
        ]
