// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/least_squares.h>

#include <KokkosBlas1_nrm2.hpp>
#include <KokkosBlas2_gemv.hpp>
#include <KokkosBlas3_trmm.hpp>
#include <KokkosBlas3_trsm.hpp>

#include <cmath>
#include <numeric>
#include <string>

#include "lapack.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    HostBlock
    leading(const HostBlock &A, const std::size_t k)
    {
      return part(A, 0, k, 0, k);
    }

    HostColumn
    copy(const HostColumn &x)
    {
      const HostColumn y("lsr::HostColumn", x.extent(0));
      Kokkos::deep_copy(y, x);
      return y;
    }

    void
    require_finite(const HostBlock &A, const std::string &name)
    {
      for (std::size_t j = 0; j < A.extent(1); ++j)
        for (std::size_t i = 0; i < A.extent(0); ++i)
          if (!std::isfinite(A(i, j)))
            throw Error("LeastSquares: finite entries expected, found " +
                        std::to_string(A(i, j)) + " in row " +
                        std::to_string(i) + ", column " + std::to_string(j) +
                        " of " + name + ".");
    }

    HostBlock
    one_column(const HostColumn &x)
    {
      return HostBlock(x.data(), x.extent(0), 1);
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
        // What follows a dependent column is of no interest.
        condition[k + 1] = std::isfinite(condition[k]) ?
                             incremental.append(&R(0, k), R(k, k)) :
                             condition[k];
      return condition;
    }

    // The Cholesky factor of the largest leading block that has one.
    HostBlock
    cholesky(const HostBlock &N)
    {
      std::size_t k = N.extent(0);
      while (true)
        {
          const HostBlock R    = upper_triangle(N, k);
          const int       n    = lapack_int(k);
          const int       ldr  = leading_dimension(R);
          int             info = 0;
          dpotrf_("U", &n, R.data(), &ldr, &info);
          if (info == 0)
            return R;
          k = info - 1;
        }
    }

    // Columns that solve R x = e_j: this way round R R^-1 is the identity to
    // rounding even where R is ill-conditioned, which LAPACK's trtri does not
    // promise.
    HostBlock
    inverse_triangle(const HostBlock &R)
    {
      const std::size_t k       = R.extent(0);
      const HostBlock   inverse = make_host_block(k, k);
      for (std::size_t i = 0; i < k; ++i)
        inverse(i, i) = 1;
      if (k > 0)
        KokkosBlas::trsm("L", "U", "N", "N", 1., R, inverse);
      return inverse;
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

    HostBlock
    symmetric_part(const HostBlock &A)
    {
      const std::size_t r = A.extent(0);
      const HostBlock   N = make_host_block(r, r);
      for (std::size_t j = 0; j < r; ++j)
        for (std::size_t i = 0; i < r; ++i)
          N(i, j) = (A(i, j) + A(j, i)) / 2;
      return N;
    }
  } // namespace

  std::size_t
  choose_rank(const RankProfile &profile, const double slack)
  {
    require(slack >= 0,
            "choose_rank: a nonnegative slack expected, found " +
              std::to_string(slack) + ".");
    require(!profile.loss.empty(), "choose_rank: the profile is empty.");
    const double least =
      *std::min_element(profile.loss.begin(), profile.loss.end());
    std::size_t k = 0;
    while (std::sqrt(profile.loss[k]) > (1 + slack) * std::sqrt(least))
      ++k;
    return k;
  }

  LeastSquares::LeastSquares(const Block   &R,
                             const Column  &z,
                             const double   rho2,
                             const Pivoting pivoting)
    : z(copy(to_host(z)))
    , rho2(rho2)
    , pivots(z.extent(0))
    , scale(z.extent(0), 1.)
  {
    require_square(R, z.extent(0), "R");
    this->R = upper_triangle(to_host(R), z.extent(0));
    require_finite(this->R, "R");
    require_finite(one_column(this->z), "z");
    require(std::isfinite(rho2) && rho2 >= 0,
            "LeastSquares: a nonnegative squared norm expected, found " +
              std::to_string(rho2) + ".");
    std::iota(pivots.begin(), pivots.end(), 0);
    if (pivoting == Pivoting::columns)
      scale_and_pivot();
    condition = condition_of_leading_triangles(this->R);
  }

  LeastSquares::LeastSquares(const AppendRowsQR &qr, const Pivoting pivoting)
    : LeastSquares(qr.R(), qr.z(), qr.rho2(), pivoting)
  {}



  LeastSquares::LeastSquares(const AppendRowsQR             &qr,
                             const std::vector<std::size_t> &order)
    : LeastSquares(reordered(qr, order))
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
    const HostBlock host_N = symmetric_part(to_host(N));
    require_finite(host_N, "N");

    // Columns without a factor stay zero and are thus never used.
    const HostBlock   factor = cholesky(host_N);
    const std::size_t k      = factor.extent(0);
    const HostBlock   R      = make_host_block(r, r);
    Kokkos::deep_copy(leading(R, k), factor);

    const HostColumn z = copy(to_host(b));
    std::fill(z.data() + k, z.data() + r, 0.);
    if (k > 0)
      KokkosBlas::trsm(
        "L", "U", "T", "N", 1., factor, HostBlock(z.data(), k, 1));
    return LeastSquares(to_memory_space(R), to_memory_space(z), minimum_loss);
  }

  void
  LeastSquares::scale_and_pivot()
  {
    const std::size_t   r = n_columns();
    std::vector<double> column_scale(r, 1.);
    for (std::size_t j = 0; j < r; ++j)
      {
        const double length = KokkosBlas::nrm2(HostColumn(&R(0, j), j + 1));
        if (length == 0)
          continue;
        column_scale[j] = 1 / length;
        for (std::size_t i = 0; i <= j; ++i)
          R(i, j) /= length;
      }

    const PivotedQR qr = pivoted_qr(R);
    qr.apply_transposed(z);
    R = upper_triangle(qr.factors, r);
    pivots.assign(qr.pivots.begin(), qr.pivots.end());
    for (std::size_t j = 0; j < r; ++j)
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
  LeastSquares::numerical_rank(const double tolerance) const
  {
    std::size_t k = 0;
    while (k < n_columns() && condition[k + 1] * tolerance <= 1)
      ++k;
    return k;
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
    const HostColumn  x("lsr::HostColumn", k);
    std::copy_n(z.data(), k, x.data());
    if (k > 0)
      KokkosBlas::trsm("L", "U", "N", "N", 1., leading(R, k), one_column(x));
    return unscramble(x);
  }

  Tikhonov
  LeastSquares::tikhonov(const std::size_t rank) const
  {
    const std::size_t k = std::min(rank, n_columns());
    const HostBlock   A = upper_triangle(R, k);
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
                    default_tolerance);
  }



  Column
  LeastSquares::solve_tikhonov(const double lambda) const
  {
    if (!all_columns)
      all_columns = std::make_shared<const Tikhonov>(tikhonov());
    return all_columns->solve(lambda);
  }



  std::vector<double>
  LeastSquares::held_out_loss(const AppendRowsQR &held_out) const
  {
    const std::size_t r = n_columns(), rank = numerical_rank();
    require(held_out.n_columns() == r,
            "LeastSquares: rows of " + std::to_string(r) +
              " columns expected, found " +
              std::to_string(held_out.n_columns()) + ".");
    const HostBlock  all   = to_host(held_out.R());
    const HostBlock  steps = make_host_block(r, rank);
    const HostColumn misfit("lsr::HostColumn", r);
    Kokkos::deep_copy(misfit, to_host(held_out.z()));
    for (std::size_t j = 0; j < rank; ++j)
      for (std::size_t i = 0; i <= pivots[j]; ++i)
        steps(i, j) = scale[j] * all(i, pivots[j]);
    // Column k of G' R^-1, times z_k, is what rank k + 1 adds to rank k.
    if (rank > 0)
      KokkosBlas::trsm("R", "U", "N", "N", 1., leading(R, rank), steps);

    std::vector<double> loss;
    for (std::size_t k = 0; k <= rank; ++k)
      {
        double sum = held_out.rho2();
        for (std::size_t i = 0; i < r; ++i)
          sum += misfit(i) * misfit(i);
        loss.push_back(sum);
        if (k < rank)
          for (std::size_t i = 0; i < r; ++i)
            misfit(i) -= z(k) * steps(i, k);
      }
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



  RankProfile
  LeastSquares::profile(const Block &basis_triangle) const
  {
    const std::size_t r = n_columns(), rank = numerical_rank();
    RankProfile       result;
    result.loss = losses();

    result.condition = condition;
    result.condition.resize(rank + 1);

    const HostBlock inverse = inverse_triangle(leading(R, rank));
    if (basis_triangle.size() > 0)
      {
        require_square(basis_triangle, r, "a basis triangle");
        require(std::is_sorted(pivots.begin(), pivots.end()),
                "LeastSquares: a profile in terms of another basis needs "
                "columns in their own order, found pivoted ones.");
        const HostBlock basis = upper_triangle(to_host(basis_triangle), rank);
        if (rank > 0)
          {
            KokkosBlas::trsm("L", "U", "N", "N", 1., basis, inverse);
            KokkosBlas::trmm("L", "U", "N", "N", 1., leading(R, rank), basis);
          }
        result.condition = condition_of_leading_triangles(basis);
      }

    // y_k is the sum of the first k columns of the inverse, times z.
    HostColumn y("lsr::HostColumn", rank);
    result.coefficient_norm.resize(rank + 1, 0.);
    for (std::size_t k = 0; k < rank; ++k)
      {
        for (std::size_t i = 0; i <= k; ++i)
          y(i) += scale[i] * inverse(i, k) * z(k);
        result.coefficient_norm[k + 1] =
          KokkosBlas::nrm2(HostColumn(y.data(), k + 1));
      }
    return result;
  }
} // namespace lsr
