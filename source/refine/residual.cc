// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/residual.h>

#include <cmath>

namespace lsr
{
  Residual::Residual(const std::size_t   n_values,
                     const std::size_t   n_rows,
                     const Communicator &communicator)
    : n_values_(n_values)
    , n_rows_(n_rows)
    , communicator_(communicator)
  {}



  void
  Residual::apply_mass(const Block &X, const Block &MX)
  {
    require(n_rows() == n_values(),
            "a residual of " + std::to_string(n_rows()) + " rows and " +
              std::to_string(n_values()) +
              " values has no mass matrix: expected as many rows as values");
    Kokkos::deep_copy(MX, X);
  }



  void
  Residual::apply_transposed_mass(const Block &X, const Block &MTX)
  {
    apply_mass(X, MTX);
  }



  Block
  Residual::riesz(const Block &, const Block &)
  {
    throw Error("this residual has a Euclidean norm and no Riesz map");
  }



  Block
  Residual::solve_riesz(const Block &)
  {
    throw Error("this residual cannot solve with the matrix of its norm");
  }



  double
  Residual::norm(const Column &f)
  {
    return std::sqrt(communicator().sum(dot(f, f)));
  }
} // namespace lsr
