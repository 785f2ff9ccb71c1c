// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/dense/orthonormalization.h>

#include <KokkosBlas1_nrm2.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/to_view.h"
#include "by_columns.h"
#include "dense/qr.h"
#include "factorization.h"
#include "lapack.h"
#include "passes.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    // A rank-revealing factorization of a triangle: columns pivots[0..k) of it
    // are an orthogonal matrix times R.
    struct Selection
    {
      HostBlock        R;
      std::vector<int> pivots;
    };

    Selection
    select_with_pivoting(const Block &A, const double threshold)
    {
      const PivotedQR qr = pivoted_qr(A);
      const HostBlock R  = to_host(qr.R);
      std::size_t     k  = 0;
      while (k < R.extent(0) && std::abs(R(k, k)) >= threshold)
        ++k;
      return {upper_triangle(R, k), qr.pivots};
    }

    /**
     * Householder QR that passes over columns with nothing left below the rows
     * already eliminated. Kept columns move to the left, where they form an
     * ordinary QR factorization as of LAPACK's geqrf.
     */
    class SelectionInOrder
    {
    public:
      SelectionInOrder(const HostBlock &A, const double threshold)
        : A(A)
        , threshold(threshold)
        , r(lapack_int(A.extent(0)))
        , lda(leading_dimension(A))
        , tau(r)
        , T(panel_width * panel_width)
        , work(panel_width * std::size_t(r))
      {}

      Selection
      run()
      {
        for (int first = 0; first < r; first += panel_width)
          {
            const int last      = std::min(first + panel_width, r);
            const int first_row = kept.size();
            factor_panel(first, last);
            update_trailing(first_row, last);
          }
        const std::size_t k = kept.size();
        kept.insert(kept.end(), dropped.begin(), dropped.end());
        return {upper_triangle(A, k), kept};
      }

    private:
      static constexpr int panel_width = 32;

      void
      factor_panel(const int first, const int last)
      {
        const int one = 1;
        for (int j = first; j < last; ++j)
          {
            const int row = kept.size(), m = r - row, n = last - j - 1;
            if (KokkosBlas::nrm2(HostColumn(&A(row, j), m)) < threshold)
              {
                dropped.push_back(j);
                continue;
              }
            kept.push_back(j);
            double *const v = &A(row, j);
            dlarfg_(&m, v, v + (m > 1), &one, &tau[row]);
            const double diagonal = *v;
            *v                    = 1;
            if (n > 0)
              dlarf_("L",
                     &m,
                     &n,
                     v,
                     &one,
                     &tau[row],
                     &A(row, j + 1),
                     &lda,
                     work.data());
            *v = diagonal;
            if (row != j)
              std::copy_n(&A(0, j), r, &A(0, row));
          }
      }

      void
      update_trailing(const int row, const int last)
      {
        const int m = r - row, n = r - last, k = kept.size() - row;
        const int ldt = panel_width;
        if (n == 0 || k == 0)
          return;
        dlarft_(
          "F", "C", &m, &k, &A(row, row), &lda, &tau[row], T.data(), &ldt);
        dlarfb_("L",
                "T",
                "F",
                "C",
                &m,
                &n,
                &k,
                &A(row, row),
                &lda,
                T.data(),
                &ldt,
                &A(row, last),
                &lda,
                work.data(),
                &n);
      }

      const HostBlock     A;
      const double        threshold;
      const int           r, lda;
      std::vector<double> tau, T, work;
      std::vector<int>    kept, dropped;
    };

    Selection
    select_columns(const Block   &A,
                   const double   drop_tolerance,
                   const Pivoting pivoting)
    {
      require(
        drop_tolerance >= 0 && drop_tolerance < 1,
        "columns of a basis: a tolerance between 0 and 1 expected, found " +
          std::to_string(drop_tolerance) + ".");
      require_finite(A, "columns of a basis");
      const std::size_t         r       = A.extent(1);
      const std::vector<double> lengths = column_lengths(A);
      const double              longest =
        r == 0 ? 0. : *std::max_element(lengths.begin(), lengths.end());
      if (longest == 0)
        {
          std::vector<int> pivots(r);
          std::iota(pivots.begin(), pivots.end(), 0);
          return {make_host_block(0, 0), pivots};
        }
      // Columns at the level of rounding carry no direction.
      constexpr double least     = 16 * std::numeric_limits<double>::epsilon();
      const double     threshold = std::max(drop_tolerance, least) * longest;
      return pivoting == Pivoting::columns ?
               select_with_pivoting(A, threshold) :
               SelectionInOrder(to_host(A.extent(0) > r ? householder_qr(A) :
                                                          A),
                                threshold)
                 .run();
    }

    // Move column pivots[j] to position j, cycle after cycle of the
    // permutation, so that one column is all the memory it takes.
    void
    permute_columns(const Block &W, const std::vector<int> &pivots)
    {
      const auto column = [&W](const std::size_t j) {
        return Kokkos::subview(W, Kokkos::ALL(), j);
      };
      const Column      saved = make_column(W.extent(0));
      std::vector<bool> done(pivots.size(), false);
      for (std::size_t start = 0; start < pivots.size(); ++start)
        {
          if (done[start] || pivots[start] == int(start))
            continue;
          Kokkos::deep_copy(saved, column(start));
          std::size_t j = start;
          for (; pivots[j] != int(start); j = pivots[j])
            {
              Kokkos::deep_copy(column(j), column(pivots[j]));
              done[j] = true;
            }
          Kokkos::deep_copy(column(j), saved);
          done[j] = true;
        }
    }



    /// Keep the columns of @p W that are independent, as those of @p A are that
    /// have the same products with each other, and divide them by the triangle
    /// of these. @p A is overwritten.
    ChangeOfBasis
    keep_independent_columns(Block         &W,
                             const Block   &A,
                             const double   drop_tolerance,
                             const Pivoting pivoting)
    {
      const Selection   selection = select_columns(A, drop_tolerance, pivoting);
      const std::size_t k         = selection.R.extent(0);
      const Block       R         = to_memory_space(selection.R);
      permute_columns(W, selection.pivots);
      W = columns(W, 0, k);
      divide_by_upper_triangular(W, R);
      return {R, selection.pivots, static_cast<unsigned int>(k)};
    }



    void
    orthonormalize_again(Block              &Q,
                         const Communicator &communicator,
                         ChangeOfBasis      &change)
    {
      restore_orthonormality(Q, communicator, [&](const Block &C) {
        change.n_columns = C.extent(0);
        change.R =
          product_of_triangles(C, upper_triangle_of(change.R, C.extent(0)));
      });
    }



    /// Whether a triangular solve has left errors that are not small against
    /// the shortest of the columns.
    bool
    rounding_is_visible(const Block &triangle)
    {
      const HostBlock R = to_host(triangle);
      double shortest = std::numeric_limits<double>::infinity(), longest = 0;
      for (std::size_t k = 0; k < R.extent(0); ++k)
        {
          shortest = std::min(shortest, std::abs(R(k, k)));
          longest  = std::max(longest, std::abs(R(k, k)));
        }
      return shortest < 1e-13 * longest;
    }



    bool
    has_lengths_near_one(const Block &B, const Communicator &communicator)
    {
      std::vector<double> squares = column_lengths(B);
      for (double &length : squares)
        length *= length;
      const Column sums = to_view<Column>(squares);
      communicator.sum(sums);
      const HostColumn host = to_host(sums);
      const bool       good =
        std::all_of(host.data(), host.data() + host.size(), [](const double x) {
          return x > 0.1 && x < 10.;
        });
      // The same on all ranks.
      return communicator.sum(good ? 0. : 1.) == 0.;
    }
  } // namespace



  Column
  ChangeOfBasis::coefficients(const Column &z) const
  {
    const Column kept = make_column(n_columns);
    Kokkos::deep_copy(kept, z);
    solve_upper_triangular(R, kept);
    const HostColumn of_kept = to_host(kept),
                     of_all("lsr::HostColumn", pivots.size());
    for (std::size_t k = 0; k < n_columns; ++k)
      of_all(pivots[k]) = of_kept(k);
    return to_memory_space(of_all);
  }



  ChangeOfBasis
  orthonormalize(Block              &W,
                 const double        drop_tolerance,
                 const Pivoting      pivoting,
                 const Communicator &communicator)
  {
    ChangeOfBasis change = keep_independent_columns(
      W, triangle_of(W, communicator), drop_tolerance, pivoting);
    orthonormalize_again(W, communicator, change);
    return change;
  }



  ChangeOfBasis
  well_conditioned_basis(Block              &W,
                         const RowLabels    &labels,
                         const double        drop_tolerance,
                         const Pivoting      pivoting,
                         const Communicator &communicator)
  {
    require(labels.size() == W.extent(0),
            "columns of a basis: as many labels as the " +
              std::to_string(W.extent(0)) + " rows expected, found " +
              std::to_string(labels.size()) + ".");
    const std::size_t r = W.extent(1);
    // With fewer rows the sketch would not be much shorter.
    if (communicator.sum(double(W.extent(0))) < 4. * r)
      return orthonormalize(W, drop_tolerance, pivoting, communicator);
    ChangeOfBasis change = keep_independent_columns(
      W, sketch(W, labels, 2 * r, communicator), drop_tolerance, pivoting);
    if (rounding_is_visible(change.R) || !has_lengths_near_one(W, communicator))
      orthonormalize_again(W, communicator, change);
    return change;
  }
} // namespace lsr
