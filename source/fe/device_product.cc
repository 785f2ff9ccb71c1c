// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "device_product.h"

#include <lsr/base/types.h>

#include <deal.II/base/exceptions.h>

#include <Epetra_Comm.h>
#include <Epetra_Distributor.h>
#include <Epetra_Import.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace lsr
{
  namespace internal
  {
    namespace
    {
      void
      check(const int error, const std::string &what)
      {
        AssertThrow(error == 0,
                    dealii::ExcMessage("Epetra could not " + what + ": error " +
                                       std::to_string(error) + "."));
      }



      bool
      all_finite(const CompressedRows &rows)
      {
        return std::all_of(rows.values.begin(),
                           rows.values.end(),
                           [](const double x) { return std::isfinite(x); });
      }



      /// For each column that this rank has entries in, its number among the
      /// own rows, or behind all of these that among the ghosts.
      std::vector<int>
      number_columns(const Epetra_CrsMatrix &A, const Epetra_Import *importer)
      {
        std::vector<int> number(A.NumMyCols());
        std::iota(number.begin(), number.end(), 0);
        if (importer == nullptr)
          return number;
        for (int k = 0; k < importer->NumPermuteIDs(); ++k)
          number[importer->PermuteToLIDs()[k]] = importer->PermuteFromLIDs()[k];
        for (int k = 0; k < importer->NumRemoteIDs(); ++k)
          number[importer->RemoteLIDs()[k]] = A.NumMyRows() + k;
        return number;
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



      /// Rows from other ranks, @p n of them, for those of @p X, by
      /// send(rows, bytes of a row, bytes received, rows received).
      template <typename Send>
      Block
      exchange(const Block &X, const std::size_t n, const Send &send)
      {
        const std::size_t r       = X.extent(1);
        const HostBlock   sent    = to_host(transposed(X));
        int               n_bytes = 0;
        char             *bytes   = nullptr;
        const int         error   = send(reinterpret_cast<char *>(sent.data()),
                               static_cast<int>(r * sizeof(double)),
                               n_bytes,
                               bytes);
        const std::unique_ptr<char[]> received(bytes);
        check(error, "exchange rows between ranks");
        return transposed(to_memory_space(
          HostBlock(reinterpret_cast<double *>(received.get()), r, n)));
      }
    } // namespace



    DeviceProduct::DeviceProduct(const Epetra_CrsMatrix &A)
      : graph(A.Graph())
      , importer(graph.Importer())
    {
      AssertThrow(graph.Exporter() == nullptr &&
                    A.NumMyRows() == A.DomainMap().NumMyElements(),
                  dealii::ExcMessage("Rows and columns of a matrix have to be "
                                     "distributed in the same way."));
      // Without other ranks there may be an importer that has nowhere to go.
      if (importer != nullptr && importer->DistributorPtr() == nullptr)
        importer = nullptr;
      const int n_own      = A.NumMyRows();
      const int n_ghosts   = importer == nullptr ? 0 : importer->NumRemoteIDs();
      const int n_exported = importer == nullptr ? 0 : importer->NumExportIDs();
      const std::vector<int> number = number_columns(A, graph.Importer());

      CompressedRows own_rows, ghost_rows, exported_rows;
      own_rows.n_columns = exported_rows.n_columns = n_own;
      ghost_rows.n_columns                         = n_ghosts;
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
                own_rows.add(j, values[k]);
              else
                ghost_rows.add(j - n_own, values[k]);
            }
          own_rows.end_row();
          ghost_rows.end_row();
        }
      for (int k = 0; k < n_exported; ++k)
        {
          exported_rows.add(importer->ExportLIDs()[k], 1.);
          exported_rows.end_row();
        }

      // A rank that throws alone would leave the others waiting for it.
      int here[] = {all_finite(own_rows) && all_finite(ghost_rows) ? 0 : 1,
                    std::max(n_ghosts, n_exported)},
          everywhere[] = {0, 0};
      check(A.Comm().MaxAll(here, everywhere, 2), "compare ranks");
      AssertThrow(everywhere[0] == 0,
                  dealii::ExcMessage(
                    "The matrix of a finite-element problem has entries that "
                    "are infinite or not a number."));
      constexpr std::size_t n_bytes = std::size_t(1) << 30;
      n_columns_at_a_time           = std::max<std::size_t>(1,
                                                  n_bytes / sizeof(double) /
                                                    std::max(1, everywhere[1]));

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
                      importer->NumRemoteIDs(),
                      [this](auto &&...arguments) {
                        return importer->Distributor().Do(arguments...);
                      });
    }



    void
    DeviceProduct::export_ghosts(const Block &X, const Block &Y) const
    {
      const Block rows =
        exchange(X, importer->NumExportIDs(), [this](auto &&...arguments) {
          return importer->Distributor().DoReverse(arguments...);
        });
      lsr::multiply(1., 'T', exported, rows, 1., Y);
    }



    void
    DeviceProduct::multiply_columns(const Block &X,
                                    const Block &AX,
                                    const bool   transpose) const
    {
      const char op = transpose ? 'T' : 'N';
      lsr::multiply(1., op, own, X, 0., AX);
      if (importer == nullptr)
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



    void
    DeviceProduct::multiply(const Block &X,
                            const Block &AX,
                            const bool   transpose) const
    {
      const std::size_t r = X.extent(1);
      for (std::size_t first = 0; first < r; first += n_columns_at_a_time)
        {
          const std::size_t last = std::min(first + n_columns_at_a_time, r);
          multiply_columns(columns(X, first, last),
                           columns(AX, first, last),
                           transpose);
        }
    }
  } // namespace internal
} // namespace lsr
