// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/refine/data_misfit.h>

#include <KokkosBlas1_axpby.hpp>

#include <cmath>

namespace lsr
{
  DataMisfit::DataMisfit(const Column       &targets,
                         const Communicator &communicator)
    : targets(targets)
    , mpi(communicator)
  {}



  std::size_t
  DataMisfit::n_values() const
  {
    return targets.size();
  }



  std::size_t
  DataMisfit::n_rows() const
  {
    return targets.size();
  }



  const Communicator &
  DataMisfit::communicator() const
  {
    return mpi;
  }



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



  double
  DataMisfit::norm(const Column &f)
  {
    return std::sqrt(mpi.sum(dot(f, f)));
  }
} // namespace lsr
