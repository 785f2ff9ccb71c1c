// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/dense/least_squares.h>

#include <KokkosBlas3_trsm.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "base/to_view.h"
#include "by_columns.h"
#include "by_rows.h"
#include "dense/qr.h"
#include "factorization.h"
#include "lapack.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    Block
    leading(const Block &A, const std::size_t k)
    {
      return rows(columns(A, 0, k), 0, k);
    }

    HostColumn
    copy(const HostColumn &x)
    {
      const HostColumn y("lsr::HostColumn", x.extent(0));
      Kokkos::deep_copy(y, x);
      return y;
    }

    void
    require_square(const Block &A, const std::size_t r, const std::string &name)
    {
      require(A.extent(0) == r && A.extent(1) == r,
              "LeastSquares: " + name + " of extents " + std::to_string(r) +
                " x " + std::to_string(r) + " expected, found " +
                std::to_string(A.extent(0)) + " x " +
                std::to_string(A.extent(1)) + ".");
    }

    /**
     * Estimates of the extreme singular values of a growing triangle, one
     * column at a time, from approximate singular vectors (laic1).
     */
    class IncrementalCondition
    {
    public:
      explicit IncrementalCondition(const std::size_t r)
        : largest{1, 0, std::vector<double>(r)}
        , smallest{2, 0, std::vector<double>(r)}
      {}

      /// Append a column: @p w above the diagonal entry @p gamma.
      double
      append(const double *w, const double gamma)
      {
        largest.append(n, w, gamma);
        smallest.append(n, w, gamma);
        ++n;
        return smallest.value > 0 ? largest.value / smallest.value :
                                    std::numeric_limits<double>::infinity();
      }

    private:
      struct SingularValue
      {
        int                 job;
        double              value;
        std::vector<double> x;

        void
        append(const int n, const double *w, const double gamma)
        {
          if (n == 0)
            {
              value = std::abs(gamma);
              x[0]  = 1;
              return;
            }
          double estimate = 0, s = 0, c = 0;
          dlaic1_(&job, &n, x.data(), &value, w, &gamma, &estimate, &s, &c);
          for (int i = 0; i < n; ++i)
            x[i] *= s;
          x[n]  = c;
          value = estimate;
        }
      };

      int           n = 0;
      SingularValue largest, smallest;
    };

    // The condition numbers of all leading triangles, from that of none on.
    std::vector<double>
    condition_of_leading_triangles(const HostBlock &R)
    {
      const std::size_t    r = R.extent(0);
      std::vector<double>  condition(r + 1, 1.);
      IncrementalCondition incremental(r);
      for (std::size_t k = 0; k < r; ++k)
        // Columns behind a dependent one are not used.
        condition[k + 1] = std::isfinite(condition[k]) ?
                             incremental.append(&R(0, k), R(k, k)) :
                             condition[k];
      return condition;
    }

    // The Cholesky factor of the largest leading block that has one.
    Block
    leading_cholesky(const Block &N)
    {
      std::size_t k = N.extent(0);
      while (true)
        {
          const Block       R          = upper_triangle_of(N, k);
          const std::size_t n_positive = cholesky(R);
          if (n_positive == k)
            return R;
          k = n_positive;
        }
    }

    // The factorization of the columns in another order.
    AppendRowsQR
    reordered(const AppendRowsQR &qr, const std::vector<std::size_t> &order)
    {
      const std::size_t r = qr.n_columns();
      require(order.size() == r,
              "LeastSquares: an order of " + std::to_string(r) +
                " columns expected, found " + std::to_string(order.size()) +
                ".");
      const HostBlock R = to_host(qr.R()), permuted = make_host_block(r + 1, r);
      const HostColumn z = to_host(qr.z()), rhs("lsr::HostColumn", r + 1);
      for (std::size_t j = 0; j < r; ++j)
        {
          require(order[j] < r,
                  "LeastSquares: columns 0 to " + std::to_string(r - 1) +
                    " expected, found " + std::to_string(order[j]) + ".");
          std::copy_n(&R(0, order[j]), order[j] + 1, &permuted(0, j));
          rhs(j) = z(j);
        }
      rhs(r) =
        std::sqrt(qr.rho2()); // a row of zeros keeps the unreachable part
      AppendRowsQR result(r);
      result.append(to_memory_space(permuted), to_memory_space(rhs));
      return result;
    }

    Block
    symmetric_part(const Block &A)
    {
      const std::size_t r = A.extent(0);
      const Block       N = make_block(r, r);
      Kokkos::parallel_for(
        "lsr::symmetric_part",
        Kokkos::RangePolicy<ExecutionSpace>(0, r),
        KOKKOS_LAMBDA(const std::size_t j) {
          for (std::size_t i = 0; i < r; ++i)
            N(i, j) = (A(i, j) + A(j, i)) / 2;
        });
      Kokkos::fence();
      return N;
    }
  } // namespace

  std::size_t
  choose_rank(const std::vector<double> &losses, const double slack)
  {
    require(slack >= 0,
            "choose_rank: a nonnegative slack expected, found " +
              std::to_string(slack) + ".");
    require(!losses.empty(),
            "choose_rank: the loss of at least one rank expected, found none.");
    const double least = *std::min_element(losses.begin(), losses.end());
    std::size_t  k     = 0;
    while (std::sqrt(losses[k]) > (1 + slack) * std::sqrt(least))
      ++k;
    return k;
  }

  LeastSquares::LeastSquares(const Block   &R,
                             const Column  &z,
                             const double   rho2,
                             const Pivoting pivoting,
                             const double   tolerance)
    : z(copy(to_host(z)))
    , rho2(rho2)
    , relative_tolerance(tolerance)
    , pivots(z.extent(0))
    , scale(z.extent(0), 1.)
  {
    require_square(R, z.extent(0), "R");
    this->R = upper_triangle_of(R, z.extent(0));
    require_finite(this->R, "LeastSquares: R");
    require(std::all_of(this->z.data(),
                        this->z.data() + this->z.size(),
                        [](const double x) { return std::isfinite(x); }),
            "LeastSquares: z has entries that are infinite or not a number.");
    require(std::isfinite(rho2) && rho2 >= 0,
            "LeastSquares: a nonnegative squared norm expected, found " +
              std::to_string(rho2) + ".");
    require(0 <= tolerance && tolerance < 1,
            "LeastSquares: a tolerance between 0 and 1 expected, found " +
              std::to_string(tolerance) + ".");
    std::iota(pivots.begin(), pivots.end(), 0);
    if (pivoting == Pivoting::columns)
      scale_and_pivot();
    condition = condition_of_leading_triangles(to_host(this->R));
  }

  LeastSquares::LeastSquares(const AppendRowsQR &qr,
                             const Pivoting      pivoting,
                             const double        tolerance)
    : LeastSquares(qr.R(), qr.z(), qr.rho2(), pivoting, tolerance)
  {}



  LeastSquares::LeastSquares(const AppendRowsQR             &qr,
                             const std::vector<std::size_t> &order,
                             const double                    tolerance)
    : LeastSquares(reordered(qr, order), Pivoting::none, tolerance)
  {
    pivots = order;
  }



  LeastSquares
  LeastSquares::from_normal_equations(const Block  &N,
                                      const Column &b,
                                      const double  minimum_loss)
  {
    const std::size_t r = b.extent(0);
    require_square(N, r, "N");
    const Block symmetric = symmetric_part(N);
    require_finite(symmetric, "LeastSquares: N");

    // Columns without a factor stay zero and are thus never used.
    const Block       factor = leading_cholesky(symmetric);
    const std::size_t k      = factor.extent(0);
    const Block       R      = make_zero_block(r, r);
    const Column      z      = make_column(r);
    if (k > 0)
      {
        const auto  used   = Kokkos::make_pair(std::size_t(0), k);
        const Block used_z = rows(as_block(z), 0, k);
        Kokkos::deep_copy(leading(R, k), factor);
        Kokkos::deep_copy(Kokkos::subview(z, used), Kokkos::subview(b, used));
        KokkosBlas::trsm("L", "U", "T", "N", 1., factor, used_z);
      }
    return LeastSquares(R, z, minimum_loss);
  }

  void
  LeastSquares::scale_and_pivot()
  {
    std::vector<double> column_scale = column_lengths(R);
    for (double &length : column_scale)
      length = length >= std::numeric_limits<double>::min() ? 1 / length : 1.;

    const Column    QTz = to_memory_space(z);
    const PivotedQR qr =
      pivoted_qr(scaled_columns(R, pivots, column_scale, n_columns()),
                 as_block(QTz));
    z = to_host(QTz);
    R = qr.R;
    pivots.assign(qr.pivots.begin(), qr.pivots.end());
    for (std::size_t j = 0; j < n_columns(); ++j)
      scale[j] = column_scale[pivots[j]];
  }

  std::size_t
  LeastSquares::n_columns() const
  {
    return R.extent(0);
  }

  const std::vector<std::size_t> &
  LeastSquares::order() const
  {
    return pivots;
  }



  std::size_t
  LeastSquares::numerical_rank() const
  {
    std::size_t k = 0;
    while (k < n_columns() && condition[k + 1] * relative_tolerance <= 1)
      ++k;
    return k;
  }



  double
  LeastSquares::tolerance() const
  {
    return relative_tolerance;
  }

  Column
  LeastSquares::unscramble(const HostColumn &x) const
  {
    const HostColumn y("lsr::HostColumn", n_columns());
    for (std::size_t j = 0; j < x.extent(0); ++j)
      y(pivots[j]) = scale[j] * x(j);
    return to_memory_space(y);
  }

  Column
  LeastSquares::solve(const std::size_t rank) const
  {
    const std::size_t k = std::min(rank, numerical_rank());
    const HostColumn  z_k("lsr::HostColumn", k);
    std::copy_n(z.data(), k, z_k.data());
    const Column x = to_memory_space(z_k);
    solve_upper_triangular(leading(R, k), x);
    return unscramble(to_host(x));
  }

  Tikhonov
  LeastSquares::tikhonov(const std::size_t rank) const
  {
    const std::size_t k = std::min(rank, n_columns());
    const HostBlock   A = upper_triangle(to_host(R), k);
    for (std::size_t j = 0; j < k; ++j)
      for (std::size_t i = 0; i <= j; ++i)
        A(i, j) /= scale[j];
    const HostColumn z_k("lsr::HostColumn", k);
    std::copy_n(z.data(), k, z_k.data());
    double unreachable = rho2;
    for (std::size_t i = n_columns(); i-- > k;)
      unreachable += z(i) * z(i);
    return Tikhonov(A,
                    z_k,
                    unreachable,
                    {pivots.begin(), pivots.begin() + k},
                    n_columns(),
                    relative_tolerance);
  }



  std::vector<double>
  LeastSquares::held_out_loss(const AppendRowsQR &held_out) const
  {
    const std::size_t r = n_columns(), rank = numerical_rank();
    require(held_out.n_columns() == r,
            "LeastSquares: rows of " + std::to_string(r) +
              " columns expected, found " +
              std::to_string(held_out.n_columns()) + ".");
    // Column k of G' R^-1, times z_k, is what rank k + 1 adds to rank k.
    const Block steps = scaled_columns(held_out.R(), pivots, scale, rank);
    divide_by_upper_triangular(steps, leading(R, rank));
    std::vector<double> minus_z(rank);
    for (std::size_t k = 0; k < rank; ++k)
      minus_z[k] = -z(k);

    const double        unreachable = held_out.rho2();
    std::vector<double> loss =
      partial_sum_lengths(held_out.z(), steps, minus_z);
    for (double &length : loss)
      length = length * length + unreachable;
    return loss;
  }



  std::vector<double>
  LeastSquares::losses() const
  {
    double              loss = rho2;
    std::vector<double> result(n_columns() + 1, loss);
    for (std::size_t k = n_columns(); k-- > 0;)
      result[k] = loss += z(k) * z(k);
    result.resize(numerical_rank() + 1);
    return result;
  }



  void
  LeastSquares::require_no_pivots(const std::string &what) const
  {
    require(std::is_sorted(pivots.begin(), pivots.end()),
            "LeastSquares: " + what +
              " needs columns in their own order, found pivoted ones.");
  }



  LeastSquares
  LeastSquares::about(const Column &offset) const
  {
    require_no_pivots("another origin");
    const Column moved_z = to_memory_space(copy(z));
    multiply(1., 'N', R, offset, 1., moved_z);

    LeastSquares moved = *this;
    moved.z            = to_host(moved_z);
    return moved;
  }



  RankProfile
  LeastSquares::profile(const Block &basis_triangle) const
  {
    const std::size_t r = n_columns(), rank = numerical_rank();
    RankProfile       result;
    result.loss = losses();

    result.condition = condition;
    result.condition.resize(rank + 1);

    const Block inverse = inverse_of_triangle(leading(R, rank));
    if (basis_triangle.size() > 0)
      {
        require_square(basis_triangle, r, "a basis triangle");
        require_no_pivots("a profile in terms of another basis");
        const Block basis = upper_triangle_of(basis_triangle, rank);
        solve_for_triangle(basis, inverse);
        result.condition = condition_of_leading_triangles(
          to_host(product_of_triangles(leading(R, rank), basis)));
      }
    // y_k is the sum of the first k columns of the inverse, times z.
    scale_rows(to_view<Column>(
                 std::vector<double>(scale.begin(), scale.begin() + rank)),
               inverse,
               inverse);
    result.coefficient_norm = partial_sum_lengths(make_column(rank),
                                                  inverse,
                                                  {z.data(), z.data() + rank});
    return result;
  }
} // namespace lsr
