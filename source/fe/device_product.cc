// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/device_product.h"

#include <lsr/base/types.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/base/index_set.h>
#include <deal.II/base/mpi.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "fe/sparse_view.h"

namespace lsr
{
  namespace internal
  {
    namespace
    {
      bool
      all_finite(const CompressedRows &rows)
      {
        return std::all_of(rows.values.begin(),
                           rows.values.end(),
                           [](const double x) { return std::isfinite(x); });
      }



      /// The columns of @p rows that are not among @p own.
      dealii::IndexSet
      ghosts_of(const CompressedRows &rows, const dealii::IndexSet &own)
      {
        std::vector<dealii::types::global_dof_index> columns(
          rows.columns.begin(), rows.columns.end());
        std::sort(columns.begin(), columns.end());
        dealii::IndexSet ghosts(own.size());
        ghosts.add_indices(columns.begin(),
                           std::unique(columns.begin(), columns.end()));
        ghosts.subtract_set(own);
        return ghosts;
      }



      Block
      transposed(const Block &A)
      {
        const std::size_t n      = A.extent(1);
        const Block       result = make_block(n, A.extent(0));
        Kokkos::parallel_for(
          "lsr::transposed",
          Kokkos::RangePolicy<ExecutionSpace>(0, result.size()),
          KOKKOS_LAMBDA(const std::size_t i) {
            result(i % n, i / n) = A(i / n, i % n);
          });
        Kokkos::fence();
        return result;
      }



      /// Ranks, and how many rows go to each of them or come from it.
      using Ranks = std::vector<std::pair<unsigned int, unsigned int>>;



      /// Send the rows of @p X to ranks @p to, and return those that come
      /// @p from others. Messages are counted in rows: an int would not do for
      /// numbers.
      Block
      exchange(const Block   &X,
               const Ranks   &to,
               const Ranks   &from,
               const MPI_Comm communicator)
      {
        constexpr int   tag  = 22022;
        const HostBlock sent = to_host(transposed(X));
        const auto      r    = sent.extent(0);
        std::size_t     n    = 0;
        for (const auto &[rank, n_rows] : from)
          n += n_rows;
        const HostBlock received = to_host(make_block(r, n));

        MPI_Datatype row;
        MPI_Type_contiguous(static_cast<int>(r), MPI_DOUBLE, &row);
        MPI_Type_commit(&row);
        std::vector<MPI_Request> requests;
        const auto               post =
          [&](const auto &call, double *here, const Ranks &ranks) {
            for (const auto &[rank, n_rows] : ranks)
              {
                call(here,
                     n_rows,
                     row,
                     rank,
                     tag,
                     communicator,
                     &requests.emplace_back());
                here += n_rows * r;
              }
          };
        post(MPI_Irecv, received.data(), from);
        post(MPI_Isend, sent.data(), to);
        MPI_Waitall(static_cast<int>(requests.size()),
                    requests.data(),
                    MPI_STATUSES_IGNORE);
        MPI_Type_free(&row);
        return transposed(to_memory_space(received));
      }
    } // namespace



    DeviceProduct::DeviceProduct(const TrilinosMatrix &A)
    {
      const dealii::IndexSet own_indices = A.locally_owned_range_indices();
      AssertThrow(own_indices == A.locally_owned_domain_indices(),
                  dealii::ExcMessage("Rows and columns of a matrix have to be "
                                     "distributed in the same way."));
      const CompressedRows rows = locally_owned_rows(A);
      // A rank that throws alone would leave the others waiting for it.
      AssertThrow(dealii::Utilities::MPI::min(all_finite(rows) ? 1 : 0,
                                              A.get_mpi_communicator()) == 1,
                  dealii::ExcMessage(
                    "The matrix of a finite-element problem has entries that "
                    "are infinite or not a number."));
      partitioner.reinit(own_indices,
                         ghosts_of(rows, own_indices),
                         A.get_mpi_communicator());

      const unsigned int n_own = partitioner.locally_owned_size();
      CompressedRows     own_rows, ghost_rows, exported_rows;
      own_rows.n_columns = exported_rows.n_columns = n_own;
      ghost_rows.n_columns = partitioner.n_ghost_indices();
      for (std::size_t i = 0; i < rows.n_rows(); ++i)
        {
          for (auto k = rows.starts[i]; k < rows.starts[i + 1]; ++k)
            {
              const unsigned int j =
                partitioner.global_to_local(rows.columns[k]);
              if (j < n_own)
                own_rows.add(j, rows.values[k]);
              else
                ghost_rows.add(j - n_own, rows.values[k]);
            }
          own_rows.end_row();
          ghost_rows.end_row();
        }
      for (const auto &[first, last] : partitioner.import_indices())
        for (unsigned int i = first; i < last; ++i)
          {
            exported_rows.add(i, 1.);
            exported_rows.end_row();
          }

      own      = SparseMatrix(own_rows);
      ghosts   = SparseMatrix(ghost_rows);
      exported = SparseMatrix(exported_rows);
    }



    Block
    DeviceProduct::import_ghosts(const Block &X) const
    {
      const Block rows = make_block(exported.n_rows(), X.extent(1));
      lsr::multiply(1., 'N', exported, X, 0., rows);
      return exchange(rows,
                      partitioner.import_targets(),
                      partitioner.ghost_targets(),
                      partitioner.get_mpi_communicator());
    }



    void
    DeviceProduct::export_ghosts(const Block &X, const Block &Y) const
    {
      const Block rows = exchange(X,
                                  partitioner.ghost_targets(),
                                  partitioner.import_targets(),
                                  partitioner.get_mpi_communicator());
      lsr::multiply(1., 'T', exported, rows, 1., Y);
    }



    void
    DeviceProduct::multiply(const Block &X,
                            const Block &AX,
                            const bool   transpose) const
    {
      const char op = transpose ? 'T' : 'N';
      lsr::multiply(1., op, own, X, 0., AX);
      if (partitioner.n_mpi_processes() == 1 || X.extent(1) == 0)
        return;
      if (transpose)
        {
          const Block of_ghosts = make_block(ghosts.n_columns(), X.extent(1));
          lsr::multiply(1., op, ghosts, X, 0., of_ghosts);
          export_ghosts(of_ghosts, AX);
        }
      else
        lsr::multiply(1., op, ghosts, import_ghosts(X), 1., AX);
    }
  } // namespace internal
} // namespace lsr
