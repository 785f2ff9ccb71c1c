// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/residual.h>

#include <KokkosBlas1_axpby.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>

#include "dense/by_rows.h"

namespace lsr
{
  namespace
  {
    Block
    copy(const Block &block)
    {
      const Block result = make_block(block.extent(0), block.extent(1));
      Kokkos::deep_copy(result, block);
      return result;
    }
  } // namespace



  InnerProduct::InnerProduct(const Communicator &communicator)
    : communicator(communicator)
  {}



  bool
  InnerProduct::diagonal() const
  {
    return true;
  }



  void
  InnerProduct::scale(const Block & /*F*/) const
  {
    require(diagonal(),
            "rows cannot be scaled for an inner product whose Gram matrix is "
            "not diagonal; expected a Euclidean or a mass norm");
  }



  Block
  InnerProduct::solve(const Block &F)
  {
    require(
      diagonal(),
      "an inner product whose Gram matrix is not diagonal has to override "
      "solve()");
    const Block solution = copy(F);
    scale(solution);
    scale(solution);
    return solution;
  }



  bool
  InnerProduct::gram_is_jacobian_of(const Residual & /*residual*/) const
  {
    return false;
  }



  double
  InnerProduct::norm(const Column &f)
  {
    if (diagonal())
      {
        const Block scaled = copy(as_block(f));
        scale(scaled);
        const Column rows(scaled.data(), scaled.extent(0));
        return std::sqrt(communicator.sum(dot(rows, rows)));
      }
    const double squares = communicator.sum(dot(f, f));
    if (!std::isfinite(squares))
      return std::sqrt(squares);
    const Block  solution = solve(as_block(f));
    const Column Kf(solution.data(), solution.extent(0));
    const double square = communicator.sum(dot(f, Kf));
    require(!(square <
              -1e-8 * std::sqrt(squares * communicator.sum(dot(Kf, Kf)))),
            "the dual norm of a residual is imaginary; expected a positive "
            "definite matrix");
    return std::isnan(square) ? square : std::sqrt(std::max(0., square));
  }



  DiagonalInnerProduct::DiagonalInnerProduct(const Column       &factors,
                                             const Communicator &communicator)
    : InnerProduct(communicator)
    , factors(factors)
  {}



  void
  DiagonalInnerProduct::scale(const Block &F) const
  {
    require(F.extent(0) == factors.size(),
            "an inner product has " + std::to_string(factors.size()) +
              " factors for " + std::to_string(F.extent(0)) +
              " rows of a residual: expected one for each");
    internal::scale_rows(factors, F, F);
  }



  Residual::Residual(const std::size_t   n_values,
                     const std::size_t   n_rows,
                     const Communicator &communicator)
    : n_values_(n_values)
    , n_rows_(n_rows)
    , communicator_(communicator)
    , inner_product_(std::make_shared<InnerProduct>(communicator))
  {}



  void
  Residual::set_inner_product(
    const std::shared_ptr<InnerProduct> &inner_product)
  {
    require(inner_product != nullptr,
            "an inner product for a residual expected, found a null pointer");
    inner_product_ = inner_product;
  }



  std::uint64_t
  Residual::jacobian_version() const
  {
    return new_version();
  }



  std::uint64_t
  Residual::new_version()
  {
    static std::atomic<std::uint64_t> count{0};
    return ++count;
  }



  void
  Residual::apply_mass(const Block & /*X*/, const Block & /*MX*/)
  {
    Residual::require_mass();
  }



  void
  Residual::apply_transposed_mass(const Block &X, const Block &MTX)
  {
    apply_mass(X, MTX);
  }



  void
  Residual::require_mass() const
  {
    throw Error("this residual has no mass matrix, which a step in pseudo-time "
                "needs; expected one (Residual::apply_mass()), or a fit of the "
                "target alone (a pseudo-time step of 0)");
  }



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
  DataMisfit::apply_jacobian(const Block &X, const Block &AX)
  {
    Kokkos::deep_copy(AX, X);
  }



  void
  DataMisfit::apply_transposed_jacobian(const Block &X, const Block &ATX)
  {
    Kokkos::deep_copy(ATX, X);
  }



  void
  DataMisfit::apply_mass(const Block &X, const Block &MX)
  {
    Kokkos::deep_copy(MX, X);
  }
} // namespace lsr
