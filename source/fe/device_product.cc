// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "device_product.h"

#include <lsr/dense/host.h>
#include <lsr/dense/sparse_matrix.h>

#include <deal.II/base/exceptions.h>

#include <Epetra_Distributor.h>
#include <Epetra_Import.h>

#include <memory>
#include <string>
#include <vector>

#include "base/to_view.h"

namespace lsr
{
  namespace internal
  {
    namespace
    {
      using Indices = Kokkos::View<int *, MemorySpace>;

      void
      check(const int error, const std::string &what)
      {
        AssertThrow(error == 0,
                    dealii::ExcMessage("Epetra could not " + what + ": error " +
                                       std::to_string(error) + "."));
      }



      /// The rows of a matrix on this rank: entries in the columns of its own
      /// rows, and in those of ghosts, which belong to other ranks.
      struct LocalRows
      {
        SparseMatrix own, ghosts;
      };

      LocalRows
      local_rows(const Epetra_CrsMatrix &A)
      {
        // Number of a column among the own ones, or behind all of these.
        const int        n_own    = A.NumMyRows();
        const auto      *importer = A.Importer();
        std::vector<int> number(A.NumMyCols());
        for (std::size_t i = 0; i < number.size(); ++i)
          number[i] = i;
        if (importer != nullptr)
          {
            for (int k = 0; k < importer->NumPermuteIDs(); ++k)
              number[importer->PermuteToLIDs()[k]] =
                importer->PermuteFromLIDs()[k];
            for (int k = 0; k < importer->NumRemoteIDs(); ++k)
              number[importer->RemoteLIDs()[k]] = n_own + k;
          }

        CompressedRows own, ghosts;
        own.n_columns    = n_own;
        ghosts.n_columns = importer == nullptr ? 0 : importer->NumRemoteIDs();
        for (int i = 0; i < n_own; ++i)
          {
            int     n       = 0;
            double *values  = nullptr;
            int    *columns = nullptr;
            check(A.ExtractMyRowView(i, n, values, columns),
                  "show a row of a matrix");
            for (int k = 0; k < n; ++k)
              {
                const int j = number[columns[k]];
                if (j < n_own)
                  own.add(j, values[k]);
                else
                  ghosts.add(j - n_own, values[k]);
              }
            own.end_row();
            ghosts.end_row();
          }
        return {SparseMatrix(own), SparseMatrix(ghosts)};
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



      /// The rows that other ranks have as ghosts, once for each rank.
      Indices
      exported_rows(const Epetra_Import &importer)
      {
        return to_view<Indices>(
          std::vector<int>(importer.ExportLIDs(),
                           importer.ExportLIDs() + importer.NumExportIDs()));
      }



      /// Columns from other ranks, @p n of them, for those of @p packed, by
      /// send(packed, bytes of a column, bytes received, received).
      template <typename Send>
      Block
      exchange(const Block &packed, const std::size_t n, const Send &send)
      {
        const std::size_t r       = packed.extent(0);
        const HostBlock   sent    = to_host(packed);
        int               n_bytes = 0;
        char             *bytes   = nullptr;
        const int         error   = send(reinterpret_cast<char *>(sent.data()),
                               static_cast<int>(r * sizeof(double)),
                               n_bytes,
                               bytes);
        const std::unique_ptr<char[]> received(bytes);
        check(error, "exchange rows between ranks");
        const Block block = make_block(r, n);
        Kokkos::deep_copy(
          block, HostBlock(reinterpret_cast<double *>(received.get()), r, n));
        return block;
      }



      /// The rows of ghosts.
      Block
      import_ghosts(const Epetra_Import &importer, const Block &X)
      {
        const std::size_t r        = X.extent(1);
        const Indices     exported = exported_rows(importer);
        const Block       packed   = make_block(r, exported.size());
        Kokkos::parallel_for(
          "lsr::pack_rows",
          Kokkos::RangePolicy<ExecutionSpace>(0, packed.size()),
          KOKKOS_LAMBDA(const std::size_t i) {
            packed(i % r, i / r) = X(exported(i / r), i % r);
          });
        Kokkos::fence();
        return transposed(
          exchange(packed, importer.NumRemoteIDs(), [&](auto &&...arguments) {
            return importer.Distributor().Do(arguments...);
          }));
      }



      /// Add rows of ghosts to those of @p Y on the ranks they belong to.
      void
      export_ghosts(const Epetra_Import &importer,
                    const Block         &ghosts,
                    const Block         &Y)
      {
        const Block received =
          exchange(transposed(ghosts),
                   importer.NumExportIDs(),
                   [&](auto &&...arguments) {
                     return importer.Distributor().DoReverse(arguments...);
                   });
        // A row may come from several ranks: one after the other.
        const Indices exported = exported_rows(importer);
        Kokkos::parallel_for(
          "lsr::add_rows",
          Kokkos::RangePolicy<ExecutionSpace>(0, received.extent(0)),
          KOKKOS_LAMBDA(const std::size_t j) {
            for (std::size_t k = 0; k < exported.size(); ++k)
              Y(exported(k), j) += received(j, k);
          });
        Kokkos::fence();
      }
    } // namespace



    void
    multiply_on_device(const Epetra_CrsMatrix &A,
                       const Block            &X,
                       const Block            &AX,
                       const bool              transpose)
    {
      const LocalRows rows     = local_rows(A);
      const char      op       = transpose ? 'T' : 'N';
      const auto     *importer = A.Importer();
      multiply(1., op, rows.own, X, 0., AX);
      if (importer == nullptr)
        return;
      if (transpose)
        {
          const Block ghosts = make_block(rows.ghosts.n_columns(), X.extent(1));
          multiply(1., op, rows.ghosts, X, 0., ghosts);
          export_ghosts(*importer, ghosts, AX);
        }
      else
        multiply(1., op, rows.ghosts, import_ghosts(*importer, X), 1., AX);
    }
  } // namespace internal
} // namespace lsr
