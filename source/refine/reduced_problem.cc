// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/reduced_problem.h>

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_scal.hpp>

#include <cmath>
#include <string>

#include "dense/factorization.h"

namespace lsr
{
  LinearRows
  linear_rows(const TangentBasis &basis,
              const Sampling     &sampling,
              Residual           &residual)
  {
    const std::size_t n = sampling.n_values(basis.network().n_outputs());
    require(residual.inner_product().diagonal() && residual.n_values() == n,
            "rows at " + std::to_string(sampling.points.extent(1)) +
              " points: a residual with a Euclidean or weighted norm of " +
              std::to_string(n) + " values expected, found one of " +
              std::to_string(residual.n_values()));

    const Column q = sampling.evaluate(basis.network());
    const Column f = make_column(residual.n_rows());
    residual.evaluate(q, f);
    residual.linearize(q);

    const Block X = sampling.jacobian_times(basis);
    const Block G = make_block(f.size(), basis.n_directions());
    residual.set_zero(X);
    residual.apply_jacobian(X, G);
    residual.inner_product().scale(G);
    residual.inner_product().scale(as_block(f));
    return {G, f};
  }



  ReducedProblem::ReducedProblem(const AppendRowsQR &rows)
  {
    set_rows(rows);
  }



  void
  ReducedProblem::set_rows(const AppendRowsQR &rows)
  {
    matrix          = rows.R();
    right_hand_side = rows.z();
    minimum_loss    = rows.rho2();
  }



  ReducedProblem::ReducedProblem(const Block  &X,
                                 const Column &f,
                                 Residual     &residual)
  {
    const Communicator &communicator = residual.communicator();
    InnerProduct       &product      = residual.inner_product();
    const std::size_t   r            = X.extent(1);
    const Block         G            = make_block(residual.n_rows(), r);
    timer_.run("jacobian", [&]() { residual.apply_jacobian(X, G); });

    const Timer::Stage stage(timer_, "solve");
    if (product.diagonal())
      {
        const Column minus_f = make_column(f.size());
        KokkosBlas::axpy(-1., f, minus_f);
        product.scale(G);
        product.scale(as_block(minus_f));
        AppendRowsQR qr(r);
        qr.append(G, minus_f);
        qr.reduce(communicator);
        set_rows(qr);
        return;
      }

    const Block S =
      product.gram_is_jacobian_of(residual) ? X : product.solve(G);
    normal_equations = true;
    matrix           = internal::product_triangle(S, G);
    right_hand_side  = make_column(r);
    internal::mirror(matrix);
    multiply(-1., 'T', S, f, 0., right_hand_side);
    communicator.sum(matrix);
    communicator.sum(right_hand_side);

    // The loss of the solution is not the difference of numbers that are much
    // larger.
    const Column rest = make_column(f.size());
    Kokkos::deep_copy(rest, f);
    multiply(1., 'N', G, least_squares().solve(), 1., rest);
    minimum_loss = std::pow(product.norm(rest), 2);
  }



  ReducedProblem
  ReducedProblem::galerkin(const Block &XTAX, const Column &XTf)
  {
    AppendRowsQR qr(XTAX.extent(1));
    const Block  rows = make_block(XTAX.extent(0), XTAX.extent(1));
    Kokkos::deep_copy(rows, XTAX);
    const Column right_hand_side = make_column(XTf.size());
    KokkosBlas::axpy(-1., XTf, right_hand_side);
    qr.append(rows, right_hand_side);
    return ReducedProblem(qr);
  }



  LeastSquares
  ReducedProblem::least_squares(const Pivoting pivoting,
                                const double   tolerance) const
  {
    return normal_equations ?
             LeastSquares::from_normal_equations(matrix,
                                                 right_hand_side,
                                                 minimum_loss) :
             LeastSquares(
               matrix, right_hand_side, minimum_loss, pivoting, tolerance);
  }



  Column
  ReducedProblem::shortest_solution(const double tolerance,
                                    const Block &C) const
  {
    // For C y.
    const std::size_t r    = matrix.extent(0);
    const Block       rows = make_block(r, r);
    const Column      b    = make_column(r);
    Kokkos::deep_copy(rows, matrix);
    Kokkos::deep_copy(b, right_hand_side);
    divide_by_upper_triangular(rows, C);
    if (normal_equations)
      {
        internal::solve_transposed_triangle(C, rows);
        internal::solve_transposed_triangle(C, as_block(b));
      }
    AppendRowsQR qr(r);
    qr.append(rows, b);
    const Column x =
      LeastSquares(qr, Pivoting::none, tolerance).tikhonov().solve(0.);
    solve_upper_triangular(C, x);
    return x;
  }



  LinearRows
  ReducedProblem::rows() const
  {
    const std::size_t r = matrix.extent(1);
    LinearRows        result{make_zero_block(r + 1, r), make_column(r + 1)};
    const Block       R = lsr::rows(result.G, 0, r),
                z       = lsr::rows(as_block(result.f), 0, r);
    Kokkos::deep_copy(z, as_block(right_hand_side));
    Kokkos::deep_copy(R, matrix);
    if (normal_equations)
      {
        const Block triangle = internal::upper_triangle_of(R, r);
        require(internal::cholesky(triangle) == r,
                "the inner product of a residual is not positive definite on " +
                  std::to_string(r) + " columns");
        Kokkos::deep_copy(R, triangle);
        internal::solve_transposed_triangle(triangle, z);
      }
    KokkosBlas::scal(z, -1., z);
    Kokkos::deep_copy(Kokkos::subview(result.f, r), std::sqrt(minimum_loss));
    return result;
  }



  double
  ReducedProblem::column_scale() const
  {
    const HostBlock   entries = to_host(matrix);
    const std::size_t r       = entries.extent(1);
    double            squares = 0;
    for (std::size_t j = 0; j < r; ++j)
      if (normal_equations)
        squares += entries(j, j);
      else
        for (std::size_t i = 0; i <= j; ++i)
          squares += entries(i, j) * entries(i, j);
    return std::sqrt(squares / r);
  }



  const Tikhonov &
  ReducedProblem::tikhonov() const
  {
    if (!singular_values)
      singular_values =
        std::make_shared<const Tikhonov>(least_squares().tikhonov());
    return *singular_values;
  }



  Column
  ReducedProblem::solve_damped(const double lambda) const
  {
    return normal_equations ? solve_damped(lambda, right_hand_side) :
                              tikhonov().solve(lambda);
  }



  Column
  ReducedProblem::solve_damped(const double lambda, const Column &b) const
  {
    if (!normal_equations)
      return tikhonov().solve_normal_equations(lambda, b);
    const std::size_t r = matrix.extent(0);
    const Block       N = make_block(r, r);
    Kokkos::deep_copy(N, matrix);
    Kokkos::parallel_for(
      "lsr::shift",
      Kokkos::RangePolicy<ExecutionSpace>(0, r),
      KOKKOS_LAMBDA(const std::size_t i) { N(i, i) += lambda * lambda; });
    Kokkos::fence();
    return LeastSquares::from_normal_equations(N, b, 0.).solve();
  }
} // namespace lsr
