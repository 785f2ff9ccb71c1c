// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/objectives.h"

#include <lsr/dense/blas.h>

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_scal.hpp>

#include <algorithm>
#include <string>

namespace lsr::internal
{
  RegularResidual::RegularResidual(ProgramResidual &program)
    : Residual(program.n_values(), program.n_rows(), program.communicator())
    , program(program)
  {}



  void
  RegularResidual::keep_constant(const Column &c,
                                 const Column &Mc,
                                 const double  weight,
                                 const Column &q0)
  {
    constants.push_back({c, Mc, weight, q0});
  }



  void
  RegularResidual::inverse(const Column &x, const Column &y)
  {
    const auto product = [&](const Column &a, const Column &b) {
      return communicator().sum(dot(a, b));
    };
    // Solve for what A can have as a right hand side, and set the constants.
    const Column consistent = make_column(x.size());
    KokkosBlas::axpby(sign, x, 0., consistent);
    for (const Constant &constant : constants)
      KokkosBlas::axpy(-product(constant.c, consistent) /
                         product(constant.c, constant.Mc),
                       constant.Mc,
                       consistent);
    program.inverse(consistent, y);
    for (const Constant &constant : constants)
      {
        const double square = product(constant.c, constant.Mc);
        KokkosBlas::axpy(product(constant.c, x) /
                             (constant.weight * square * square) -
                           product(constant.Mc, y) / square,
                         constant.c,
                         y);
      }
  }



  void
  RegularResidual::set_zero(const Block &columns) const
  {
    program.set_zero(columns);
  }



  void
  RegularResidual::distribute(const Column &q) const
  {
    program.distribute(q);
  }



  void
  RegularResidual::evaluate(const Column &q, const Column &f)
  {
    program.evaluate(q, f);
    set_zero(as_block(f));
    KokkosBlas::scal(f, sign, f);
    const Column change = make_column(q.size());
    for (const Constant &constant : constants)
      {
        Kokkos::deep_copy(change, q);
        KokkosBlas::axpy(-1., constant.q0, change);
        const double moment = communicator().sum(dot(constant.Mc, change));
        KokkosBlas::axpy(constant.weight * moment, constant.Mc, f);
      }
  }



  void
  RegularResidual::linearize(const Column &q)
  {
    program.linearize(q);
    if (!program.is_affine())
      ++version;
  }



  void
  RegularResidual::add_constants(const Block &X, const Block &Y) const
  {
    const std::size_t r = X.extent(1);
    for (const Constant &constant : constants)
      {
        const Block moments = make_block(1, r);
        multiply(1., 'T', as_block(constant.Mc), 'N', X, 0., moments);
        communicator().sum(moments);
        multiply(
          constant.weight, 'N', as_block(constant.Mc), 'N', moments, 1., Y);
      }
  }



  void
  RegularResidual::apply_jacobian(const Block &X, const Block &AX)
  {
    program.apply_jacobian(X, AX);
    set_zero(AX);
    KokkosBlas::scal(AX, sign, AX);
    add_constants(X, AX);
  }



  void
  RegularResidual::apply_transposed_jacobian(const Block &X, const Block &ATX)
  {
    program.apply_transposed_jacobian(X, ATX);
    KokkosBlas::scal(ATX, sign, ATX);
    add_constants(X, ATX);
  }



  GivenProduct::GivenProduct(const std::shared_ptr<InnerProduct> &product,
                             const RegularResidual               &residual)
    : InnerProduct(residual.communicator())
    , product(product)
    , residual(residual)
  {}



  bool
  GivenProduct::diagonal() const
  {
    return product->diagonal();
  }



  void
  GivenProduct::scale(const Block &F) const
  {
    product->scale(F);
  }



  Block
  GivenProduct::solve(const Block &F)
  {
    return product->solve(F);
  }



  bool
  GivenProduct::gram_is_jacobian_of(const Residual &other) const
  {
    return &other == &residual &&
           product->gram_is_jacobian_of(residual.program);
  }



  Energy::Energy(RegularResidual &residual)
    : InnerProduct(residual.communicator())
    , residual(residual)
    , krylov(residual)
  {}



  Column
  Energy::solve(const Column &f)
  {
    const auto difference = [&](const Column &other) {
      const Column change = make_column(f.size());
      Kokkos::deep_copy(change, f);
      KokkosBlas::axpy(-1., other, change);
      return communicator.sum(dot(change, change));
    };
    for (const Solution &solution : known)
      if (solution.version == residual.n_jacobians() &&
          difference(solution.f) == 0.)
        return solution.x;

    const auto n_rows =
      static_cast<std::size_t>(communicator.sum(double(residual.n_rows())));
    const unsigned int max_steps = std::clamp<std::size_t>(n_rows, 1000, 10000);
    const Column       x         = make_column(f.size());
    const auto         result =
      krylov.conjugate_gradients(f, x, /* tolerance */ 1e-9, max_steps);
    if (result.reduction > 1e-5)
      throw NotPositiveDefinite("conjugate gradients did not converge in " +
                                std::to_string(result.n_steps) + " steps");
    const Column copy = make_column(f.size());
    Kokkos::deep_copy(copy, f);
    if (known.size() == 4)
      known.erase(known.begin());
    known.push_back({residual.n_jacobians(), copy, x});
    return x;
  }



  Block
  Energy::solve(const Block &F)
  {
    const Block X = make_block(F.extent(0), F.extent(1));
    for (std::size_t j = 0; j < F.extent(1); ++j)
      Kokkos::deep_copy(Kokkos::subview(X, Kokkos::ALL(), j),
                        solve(Column(Kokkos::subview(F, Kokkos::ALL(), j))));
    return X;
  }



  ErrorResidual::ErrorResidual(RegularResidual &residual)
    : Residual(residual.n_values(), residual.n_rows(), residual.communicator())
    , residual(residual)
  {}



  double
  ErrorResidual::defect(InnerProduct &product) const
  {
    const Column difference = make_column(known.f.size());
    residual.apply_jacobian(as_block(known.error), as_block(difference));
    KokkosBlas::axpy(-1., known.f, difference);
    return product.norm(difference) / product.norm(known.f);
  }



  void
  ErrorResidual::set_zero(const Block &columns) const
  {
    residual.set_zero(columns);
  }



  void
  ErrorResidual::distribute(const Column &q) const
  {
    residual.distribute(q);
  }



  void
  ErrorResidual::evaluate(const Column &q, const Column &error)
  {
    if (known.q.size() == q.size() && residual.program.is_affine())
      {
        Kokkos::deep_copy(error, q);
        KokkosBlas::axpy(-1., known.q, error);
        set_zero(as_block(error));
        KokkosBlas::axpy(1., known.error, error);
        return;
      }
    known.q     = make_column(q.size());
    known.f     = make_column(q.size());
    known.error = make_column(q.size());
    residual.evaluate(q, known.f);
    residual.inverse(known.f, error);
    set_zero(as_block(error));
    Kokkos::deep_copy(known.q, q);
    Kokkos::deep_copy(known.error, error);
  }



  void
  ErrorResidual::linearize(const Column &q)
  {
    residual.linearize(q);
  }



  void
  ErrorResidual::apply_jacobian(const Block &X, const Block &AX)
  {
    Kokkos::deep_copy(AX, X);
  }



  void
  ErrorResidual::apply_transposed_jacobian(const Block &X, const Block &ATX)
  {
    Kokkos::deep_copy(ATX, X);
  }
} // namespace lsr::internal
