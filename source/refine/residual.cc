// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/refine/residual.h>

namespace lsr
{
  Column
  Residual::mass() const
  {
    require(n_rows() == n_values(),
            "a residual of " + std::to_string(n_rows()) + " rows and " +
              std::to_string(n_values()) +
              " values has no mass: expected as many rows as values");
    const Column ones = make_column(n_values());
    Kokkos::deep_copy(ones, 1.);
    return ones;
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
} // namespace lsr
