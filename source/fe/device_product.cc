// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "device_product.h"

#include <lsr/dense/host.h>

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



      /// Ranks that throw alone would leave the others waiting for them.
      void
      require_finite(const std::vector<double> &values, const Epetra_Comm &comm)
      {
        int finite =
          std::all_of(values.begin(), values.end(), [](const double x) {
            return std::isfinite(x);
          });
        int everywhere = 0;
        check(comm.MinAll(&finite, &everywhere, 1), "compare ranks");
        AssertThrow(everywhere == 1,
                    dealii::ExcMessage(
                      "The matrix of a finite-element problem has entries that "
                      "are infinite or not a number."));
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
      // Without other ranks there may be an importer that has nowhere to go.
      if (importer != nullptr && importer->DistributorPtr() == nullptr)
        importer = nullptr;
      const int              n_own  = A.NumMyRows();
      const std::vector<int> number = number_columns(A, graph.Importer());

      CompressedRows own, ghosts, exported;
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
      exported.n_columns = n_own;
      for (int k = 0; importer != nullptr && k < importer->NumExportIDs(); ++k)
        {
          exported.add(importer->ExportLIDs()[k], 1.);
          exported.end_row();
        }
      require_finite(own.values, A.Comm());
      require_finite(ghosts.values, A.Comm());
      this->own      = SparseMatrix(own);
      this->ghosts   = SparseMatrix(ghosts);
      this->exported = SparseMatrix(exported);
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
    DeviceProduct::export_ghosts(const Block &ghosts, const Block &Y) const
    {
      const Block rows =
        exchange(ghosts, importer->NumExportIDs(), [this](auto &&...arguments) {
          return importer->Distributor().DoReverse(arguments...);
        });
      lsr::multiply(1., 'T', exported, rows, 1., Y);
    }



    void
    DeviceProduct::multiply(const Block &X,
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
  } // namespace internal
} // namespace lsr
