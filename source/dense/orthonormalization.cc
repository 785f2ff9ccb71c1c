// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/dense/orthonormalization.h>

#include <KokkosBlas1_nrm2.hpp>

#include <cmath>
#include <numeric>
#include <string>

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

    double
    longest_column(const HostBlock &R)
    {
      double longest = 0;
      for (std::size_t j = 0; j < R.extent(1); ++j)
        longest =
          std::max(longest, KokkosBlas::nrm2(HostColumn(&R(0, j), j + 1)));
      return longest;
    }

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
    select_columns(const Block   &triangle,
                   const double   drop_tolerance,
                   const Pivoting pivoting)
    {
      const HostBlock R = to_host(triangle);
      // Columns at the level of rounding carry no direction.
      constexpr double least   = 16 * std::numeric_limits<double>::epsilon();
      const double     longest = longest_column(R);
      if (longest == 0)
        {
          std::vector<int> pivots(R.extent(1));
          std::iota(pivots.begin(), pivots.end(), 0);
          return {make_host_block(0, 0), pivots};
        }
      const double threshold = std::max(drop_tolerance, least) * longest;
      return pivoting == Pivoting::columns ?
               select_with_pivoting(triangle, threshold) :
               SelectionInOrder(R, threshold).run();
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

    // Row i of A becomes row pivots[i] of the result.
    Block
    scatter_rows(const HostBlock &A, const std::vector<int> &pivots)
    {
      const HostBlock result = make_host_block(pivots.size(), A.extent(1));
      for (std::size_t j = 0; j < A.extent(1); ++j)
        for (std::size_t i = 0; i < A.extent(0); ++i)
          result(pivots[i], j) = A(i, j);
      return to_memory_space(result);
    }
  } // namespace

  Orthonormalization
  orthonormalize(Block              &W,
                 const double        drop_tolerance,
                 const Pivoting      pivoting,
                 const Communicator &communicator)
  {
    require(drop_tolerance >= 0 && drop_tolerance < 1,
            "orthonormalize: a tolerance between 0 and 1 expected, found " +
              std::to_string(drop_tolerance) + ".");
    const Selection selection =
      select_columns(triangle_of(W, communicator), drop_tolerance, pivoting);
    const std::size_t k = selection.R.extent(0);
    permute_columns(W, selection.pivots);
    W = columns(W, 0, k);

    Block       R    = to_memory_space(selection.R);
    const Block Rinv = inverse_of_triangle(R);
    divide_by_upper_triangular(W, R);

    restore_orthonormality(W, communicator, [&](const Block &C) {
      const Block product = make_block(k, k);
      multiply(1., 'N', C, 'N', R, 0., product);
      R = product;
      divide_by_upper_triangular(Rinv, C);
    });

    return {scatter_rows(to_host(Rinv), selection.pivots),
            R,
            selection.pivots,
            static_cast<unsigned int>(k)};
  }
} // namespace lsr
