// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/refine/data_misfit.h>

#include <KokkosBlas1_axpby.hpp>

namespace lsr
{
  DataMisfit::DataMisfit(const Column       &targets,
                         const Communicator &communicator)
    : Residual(targets.size(), targets.size(), communicator)
    , targets(targets)
  {}



  void
  DataMisfit::evaluate(const Column &q, const Column &f)
  {
    Kokkos::deep_copy(f, q);
    KokkosBlas::axpy(-1., targets, f);
  }



  void
  DataMisfit::linearize(const Column &)
  {}



  void
  DataMisfit::apply_tangent(const Block &X, const Block &AX)
  {
    Kokkos::deep_copy(AX, X);
  }



  void
  DataMisfit::apply_transposed_tangent(const Block &X, const Block &ATX)
  {
    Kokkos::deep_copy(ATX, X);
  }
} // namespace lsr
