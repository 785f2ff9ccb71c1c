// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/device.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>

#include <KokkosBlas1_nrm2.hpp>
#include <KokkosBlas3_gemm.hpp>
#include <KokkosBlas3_trmm.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "append_rows.h"
#include "dense/qr.h"
#include "lapack.h"

namespace lsr
{
  namespace
  {
    using namespace internal;

    // The reflections of a panel are gathered so that almost all work is
    // products with an inner extent of panel_width, which run at full speed;
    // tpqrt's own blocks are narrower, or else its panels are slow.
    constexpr std::size_t panel_width = 128;
    constexpr std::size_t inner_width = 16;

    // Rows that are factored together, so that they stay in the cache.
    constexpr std::size_t row_block = 2048;

    /**
     * The factorization of [R; B] where R is a triangle, one panel of columns
     * after the other: R and B are overwritten with the new triangle and with
     * the reflections I - [I; V] T [I; V]^T.
     */
    class PanelQR
    {
    public:
      explicit PanelQR(const std::size_t n_columns)
        : inner_T(make_host_block(inner_width, panel_width))
        , T(make_host_block(panel_width, panel_width))
        , W(make_host_block(panel_width, n_columns))
        , work(inner_width * panel_width)
      {}

      /// Factor the panel's columns of R and B.
      void
      factor(const HostBlock &R, const HostBlock &B)
      {
        const int m  = lapack_int(B.extent(0));
        const int k  = lapack_int(B.extent(1));
        const int nb = std::min<int>(inner_width, k);
        const int l = 0, ldr = leading_dimension(R), ldb = leading_dimension(B),
                  ldt = leading_dimension(inner_T);
        int info      = 0;
        dtpqrt_(&m,
                &k,
                &l,
                &nb,
                R.data(),
                &ldr,
                B.data(),
                &ldb,
                inner_T.data(),
                &ldt,
                work.data(),
                &info);
        V = B;
        gather(nb);
      }

      /// Apply the transposed reflections of the panel to [C; D].
      void
      apply(const HostBlock &C, const HostBlock &D)
      {
        const std::size_t k = V.extent(1), n = C.extent(1);
        if (n == 0)
          return;
        const HostBlock Y = part(W, 0, k, 0, n);
        Kokkos::deep_copy(Y, C);
        KokkosBlas::gemm("T", "N", 1., V, D, 1., Y);
        KokkosBlas::trmm("L", "U", "T", "N", 1., part(T, 0, k, 0, k), Y);
        for (std::size_t j = 0; j < n; ++j)
          for (std::size_t i = 0; i < k; ++i)
            C(i, j) -= Y(i, j);
        KokkosBlas::gemm("N", "N", -1., V, Y, 1., D);
      }

    private:
      /**
       * Gather the reflections of the panel into one factor T. They are
       * orthogonal together, hence T^-1 + T^-T = I + V^T V.
       */
      void
      gather(const int nb)
      {
        const int       k = lapack_int(V.extent(1));
        const HostBlock S = part(T, 0, k, 0, k);
        KokkosBlas::gemm("T", "N", 1., V, V, 0., S);
        for (int j = 0; j < k; ++j)
          S(j, j) = (1 + S(j, j)) / 2;
        const int lds  = leading_dimension(S);
        int       info = 0;
        dtrtri_("U", "N", &k, S.data(), &lds, &info);

        // LAPACK leaves out the reflection of a column that has nothing to
        // eliminate.
        for (int j = 0; j < k; ++j)
          if (inner_T(j % nb, j) == 0)
            S(j, j) = 0;
      }

      HostBlock           V, inner_T, T, W;
      std::vector<double> work;
    };

    // Combine the triangle with rows and a right hand side of one column.
    void
    append_row_block(PanelQR         &panel,
                     const HostBlock &triangle,
                     const HostBlock &rows,
                     const HostBlock &rhs)
    {
      const std::size_t r = rows.extent(1), m = rows.extent(0);
      for (std::size_t j = 0; j < r; j += panel_width)
        {
          const std::size_t end = std::min(j + panel_width, r);
          panel.factor(part(triangle, j, end, j, end),
                       part(rows, 0, m, j, end));
          panel.apply(part(triangle, j, end, end, r), part(rows, 0, m, end, r));
          panel.apply(part(triangle, j, end, r, r + rhs.extent(1)), rhs);
        }
    }

    // The matrix [triangle; rows rhs], without its last column where there is
    // no right hand side.
    Block
    stack(const Block &triangle, const Block &rows, const Block &rhs)
    {
      const std::size_t r = rows.extent(1), k = r + rhs.extent(1),
                        m = rows.extent(0);
      const Block stacked = make_block(k + m, k);
      const Block below   = lsr::rows(stacked, k, k + m);
      Kokkos::deep_copy(lsr::rows(stacked, 0, k),
                        lsr::rows(columns(triangle, 0, k), 0, k));
      Kokkos::deep_copy(columns(below, 0, r), rows);
      Kokkos::deep_copy(columns(below, r, k), rhs);
      return stacked;
    }

    void
    append_rows(const Block &triangle, const Block &rows, const Block &rhs)
    {
      if (blocks_on_host)
        append_by_panels(to_host(triangle), to_host(rows), to_host(rhs));
      else if (rows.extent(0) > 0)
        append_at_once(triangle, rows, rhs);
    }

#ifdef LSR_WITH_MPI
    std::size_t
    packed_size(const std::size_t n)
    {
      return 1 + n * (n + 1) / 2;
    }

    // The extent, then the upper triangle by columns.
    void
    pack(const HostBlock &triangle, double *packed)
    {
      const std::size_t n = triangle.extent(0);
      *packed++           = static_cast<double>(n);
      for (std::size_t j = 0; j < n; ++j)
        packed = std::copy_n(&triangle(0, j), j + 1, packed);
    }

    HostBlock
    unpack(const double *packed)
    {
      const auto      n        = static_cast<std::size_t>(*packed++);
      const HostBlock triangle = make_host_block(n, n);
      for (std::size_t j = 0; j < n; packed += ++j)
        std::copy_n(packed, j + 1, &triangle(0, j));
      return triangle;
    }

    // The MPI operation: the triangle of [first; second] replaces second.
    void
    combine(void *first, void *second, int *, MPI_Datatype *)
    {
      const HostBlock     A  = unpack(static_cast<double *>(first));
      const HostBlock     B  = unpack(static_cast<double *>(second));
      const int           n  = lapack_int(A.extent(0));
      const int           nb = std::min(32, n), lda = leading_dimension(A);
      std::vector<double> T(std::size_t(nb) * n), work(std::size_t(nb) * n);
      int                 info = 0;
      dtpqrt_(&n,
              &n,
              &n,
              &nb,
              A.data(),
              &lda,
              B.data(),
              &lda,
              T.data(),
              &nb,
              work.data(),
              &info);
      pack(A, static_cast<double *>(second));
    }
#endif
  } // namespace

  namespace internal
  {
    void
    append_by_panels(const HostBlock &triangle,
                     const HostBlock &rows,
                     const HostBlock &rhs)
    {
      const std::size_t m = rows.extent(0), r = rows.extent(1);
      PanelQR           panel(r);
      for (std::size_t i = 0; i < m; i += row_block)
        {
          const std::size_t end = std::min(i + row_block, m);
          append_row_block(panel,
                           triangle,
                           part(rows, i, end, 0, r),
                           part(rhs, i, end, 0, rhs.extent(1)));
        }
      if (rhs.extent(1) > 0)
        {
          double &rho = triangle(r, r);
          rho = std::hypot(rho, KokkosBlas::nrm2(HostColumn(rhs.data(), m)));
        }
    }



    void
    append_at_once(const Block &triangle, const Block &rows, const Block &rhs)
    {
      std::optional<Block> R = cholesky_qr(stack(triangle, rows, rhs));
      if (!R)
        R = householder_qr(stack(triangle, rows, rhs));
      const std::size_t k = R->extent(0);
      Kokkos::deep_copy(lsr::rows(columns(triangle, 0, k), 0, k), *R);
    }
  } // namespace internal



  AppendRowsQR::AppendRowsQR(const std::size_t n_columns)
    : triangle(make_zero_block(n_columns + 1, n_columns + 1))
  {}

  void
  AppendRowsQR::append(const Block &rows, const Column &rhs)
  {
    require(rows.extent(1) == n_columns() && rhs.extent(0) == rows.extent(0),
            "AppendRowsQR: rows of " + std::to_string(n_columns()) +
              " columns and as many right hand sides expected, found " +
              std::to_string(rows.extent(0)) + " x " +
              std::to_string(rows.extent(1)) + " and " +
              std::to_string(rhs.extent(0)) + ".");
    append_rows(triangle, rows, as_block(rhs));
    row_count += rows.extent(0);
  }

  void
  AppendRowsQR::append(const Block &rows)
  {
    require(rows.extent(1) == n_columns(),
            "AppendRowsQR: rows of " + std::to_string(n_columns()) +
              " columns expected, found " + std::to_string(rows.extent(1)) +
              ".");
    append_rows(triangle, rows, make_block(rows.extent(0), 0));
    row_count += rows.extent(0);
  }



  void
  AppendRowsQR::append(const AppendRowsQR &other)
  {
    const std::size_t r = n_columns();
    require(other.n_columns() == r,
            "AppendRowsQR: rows of " + std::to_string(r) +
              " columns expected, found those of a factorization of " +
              std::to_string(other.n_columns()) + ".");
    const Block copy = make_block(r + 1, r + 1);
    Kokkos::deep_copy(copy, other.triangle);
    append(columns(copy, 0, r),
           Column(Kokkos::subview(copy, Kokkos::ALL(), r)));
    row_count += other.row_count - (r + 1);
  }

  void
  AppendRowsQR::reduce(const Communicator &communicator)
  {
    if (communicator.size() == 1)
      return;
#ifdef LSR_WITH_MPI
    const std::size_t   size = packed_size(triangle.extent(0));
    std::vector<double> packed(size), combined(size);
    pack(to_host(triangle), packed.data());

    // One item of the reduction is a whole triangle.
    MPI_Datatype type;
    MPI_Type_contiguous(lapack_int(size), MPI_DOUBLE, &type);
    MPI_Type_commit(&type);
    MPI_Op operation;
    MPI_Op_create(&combine, /*commute = */ false, &operation);

    // Not all ranks at once: they could combine in different orders.
    MPI_Reduce(packed.data(),
               combined.data(),
               1,
               type,
               operation,
               0,
               communicator.get());
    MPI_Bcast(combined.data(), 1, type, 0, communicator.get());

    MPI_Op_free(&operation);
    MPI_Type_free(&type);
    triangle  = to_memory_space(unpack(combined.data()));
    row_count = static_cast<std::size_t>(
      communicator.sum(static_cast<double>(row_count)));
#endif
  }

  std::size_t
  AppendRowsQR::n_columns() const
  {
    return triangle.extent(0) - 1;
  }

  std::size_t
  AppendRowsQR::n_rows() const
  {
    return row_count;
  }



  Block
  AppendRowsQR::R() const
  {
    const std::size_t r = n_columns();
    const Block       R = make_block(r, r);
    Kokkos::deep_copy(R, rows(columns(triangle, 0, r), 0, r));
    return R;
  }

  Column
  AppendRowsQR::z() const
  {
    const std::size_t r = n_columns();
    const Column      z = make_column(r);
    Kokkos::deep_copy(
      z, Kokkos::subview(triangle, Kokkos::make_pair(std::size_t(0), r), r));
    return z;
  }

  double
  AppendRowsQR::rho2() const
  {
    double rho = 0;
    Kokkos::deep_copy(rho, Kokkos::subview(triangle, n_columns(), n_columns()));
    return rho * rho;
  }



  double
  AppendRowsQR::loss(const Column &y) const
  {
    const Column misfit = z();
    multiply(1., 'N', R(), y, -1., misfit);
    return dot(misfit, misfit) + rho2();
  }



  AppendRowsQR
  sum(const std::vector<AppendRowsQR> &parts)
  {
    require(!parts.empty(), "the sum of no factorizations");
    if (parts.size() == 1)
      return parts.front();
    AppendRowsQR result(parts.front().n_columns());
    for (const AppendRowsQR &part : parts)
      result.append(part);
    return result;
  }
} // namespace lsr
