// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <deal.II/base/exceptions.h>

#include <Amesos2.hpp>
#include <MueLu_CreateTpetraPreconditioner.hpp>
#include <Teuchos_DefaultMpiComm.hpp>
#include <Tpetra_CrsMatrix.hpp>
#include <Tpetra_MultiVector.hpp>
#include <Tpetra_RowMatrixTransposer.hpp>
#include <Trilinos_version.h>

#include <algorithm>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "fe/sparse_view.h"

namespace lsr
{
  namespace internal
  {
    namespace
    {
      /// The matrix of deal.II, where it is one of Tpetra's.
      template <typename DealMatrix>
      auto
      to_tpetra(const DealMatrix &A, int) -> decltype(A.trilinos_rcp())
      {
        return A.trilinos_rcp();
      }



      /// A copy of it, where it is not.
      template <typename DealMatrix>
      Teuchos::RCP<const Tpetra::CrsMatrix<double>>
      to_tpetra(const DealMatrix &A, long)
      {
        using GlobalIndex             = Tpetra::Map<>::global_ordinal_type;
        const CompressedRows     rows = locally_owned_rows(A);
        std::vector<GlobalIndex> indices;
        for (const auto i : A.locally_owned_range_indices())
          indices.push_back(i);
        const Teuchos::RCP<const Tpetra::Map<>> map(new Tpetra::Map<>(
          A.m(),
          indices.data(),
          indices.size(),
          0,
          Teuchos::rcp(new Teuchos::MpiComm<int>(A.get_mpi_communicator()))));
        std::vector<std::size_t>                n_entries(rows.n_rows());
        for (std::size_t i = 0; i < n_entries.size(); ++i)
          n_entries[i] = rows.starts[i + 1] - rows.starts[i];
        const Teuchos::RCP<Tpetra::CrsMatrix<double>> result(
          new Tpetra::CrsMatrix<double>(
            map, Teuchos::arrayViewFromVector(n_entries)));
        const std::vector<GlobalIndex> columns(rows.columns.begin(),
                                               rows.columns.end());
        for (std::size_t i = 0; i < n_entries.size(); ++i)
          result->insertGlobalValues(indices[i],
                                     n_entries[i],
                                     rows.values.data() + rows.starts[i],
                                     columns.data() + rows.starts[i]);
        result->fillComplete();
        return result;
      }



      using Matrix = std::remove_const_t<
        decltype(to_tpetra(std::declval<const TrilinosMatrix &>(),
                           0))::element_type>;
      using Map         = Matrix::map_type;
      using MultiVector = Tpetra::MultiVector<double,
                                              Matrix::local_ordinal_type,
                                              Matrix::global_ordinal_type,
                                              Matrix::node_type>;



      /// The memory of @p block as columns distributed by @p map.
      MultiVector
      columns(const Teuchos::RCP<const Map> &map, const HostBlock &block)
      {
        MultiVector result(map, MultiVector::dual_view_type::t_dev(block));
        AssertThrow(block.extent(0) == result.getLocalLength(),
                    dealii::ExcMessage("A block has " +
                                       std::to_string(block.extent(0)) +
                                       " rows. Expected were the " +
                                       std::to_string(result.getLocalLength()) +
                                       " locally owned rows of the matrix."));
        return result;
      }



      /// Call @p function for a few columns of @p X and @p Y at a time:
      /// products go through all columns for every entry of the matrix, and
      /// have forgotten the first ones when they come back; factorizations
      /// gather columns on one rank.
      template <typename Function>
      void
      for_few_columns(const HostBlock &X,
                      const HostBlock &Y,
                      const Function  &function)
      {
        constexpr std::size_t n_at_a_time = 4;
        const std::size_t     n           = X.extent(1);
        for (std::size_t first = 0; first < n; first += n_at_a_time)
          {
            const auto range =
              Kokkos::make_pair(first, std::min(first + n_at_a_time, n));
            function(Kokkos::subview(X, Kokkos::ALL(), range),
                     Kokkos::subview(Y, Kokkos::ALL(), range));
          }
      }



      /// Whether KLU2 solves with the transpose of its matrix alone: before
      /// Trilinos 15, g++ 12 and newer leave out half of a solve otherwise
      /// (Trilinos#12232). On one rank the transpose is what is used anyway.
      bool
      klu2_has_only_transposed_solves(const Matrix &A)
      {
        return TRILINOS_MAJOR_VERSION < 15 && A.getComm()->getSize() > 1;
      }



      class TpetraView : public SparseView
      {
      public:
        explicit TpetraView(const TrilinosMatrix &A)
          : A(to_tpetra(A, 0))
        {}

        void
        multiply(const HostBlock &X,
                 const HostBlock &Y,
                 const bool       transpose) const override
        {
          const auto from = transpose ? A->getRangeMap() : A->getDomainMap();
          const auto to   = transpose ? A->getDomainMap() : A->getRangeMap();
          for_few_columns(X, Y, [&](const HostBlock &X, const HostBlock &Y) {
            const MultiVector x = columns(from, X);
            MultiVector       y = columns(to, Y);
            // Some versions of KokkosKernels read what they overwrite.
            y.putScalar(0.);
            A->apply(x, y, transpose ? Teuchos::TRANS : Teuchos::NO_TRANS);
          });
        }

        Operator
        factorize(const bool in_3d) const override
        {
          const bool mumps     = in_3d && Amesos2::query("MUMPS");
          const bool transpose = !mumps && klu2_has_only_transposed_solves(*A);
          const auto solver =
            Amesos2::create<Matrix, MultiVector>(mumps ? "MUMPS" : "KLU2",
                                                 transpose ? transposed() : A);
          Teuchos::ParameterList parameters("Amesos2");
          if (transpose)
            parameters.sublist("KLU2").set("Trans", "TRANS", "");
          solver->setParameters(Teuchos::rcpFromRef(parameters));
          const auto checked = [](const auto &step) {
            try
              {
                step();
              }
            catch (const std::exception &error)
              {
                AssertThrow(
                  false,
                  dealii::ExcMessage(
                    std::string(
                      "The matrix of the linear system cannot be factorized: "
                      "it is singular, or there is not enough memory. Is the "
                      "solution determined by boundary conditions or a "
                      "reaction? Amesos2 says: ") +
                    error.what()));
              }
          };
          checked([&]() {
            solver->symbolicFactorization();
            solver->numericFactorization();
          });
          return [=, A = A](const HostBlock &X, const HostBlock &Y) {
            for_few_columns(X, Y, [&](const HostBlock &X, const HostBlock &Y) {
              const MultiVector x = columns(A->getRangeMap(), X);
              MultiVector       y = columns(A->getDomainMap(), Y);
              checked([&]() {
                solver->solve(Teuchos::ptrFromRef(y), Teuchos::ptrFromRef(x));
              });
            });
          };
        }

        Operator
        multigrid(const MultigridOptions &options) const override
        {
          Teuchos::ParameterList parameters;
          parameters.set("verbosity", "none");
          parameters.set("problem: symmetric", options.elliptic);
          parameters.set("multigrid algorithm", options.elliptic ? "sa" : "pg");
          parameters.set("aggregation: drop tol", 0.02);
          if (klu2_has_only_transposed_solves(*A))
            {
              parameters.set("coarse: max size", 100);
              parameters.set("coarse: type", "RELAXATION");
              auto &sweeps = parameters.sublist("coarse: params");
              sweeps.set("relaxation: type", "Symmetric Gauss-Seidel");
              sweeps.set("relaxation: sweeps", 10);
            }
          else
            parameters.set("coarse: max size", 2000);
          if (options.elliptic)
            {
              parameters.set("smoother: type", "CHEBYSHEV");
              parameters.sublist("smoother: params")
                .set("chebyshev: degree", 2);
            }
          else
            parameters.set("smoother: type", "RILUK");
          if (!options.constant_modes.empty())
            parameters.sublist("user data")
              .set("Nullspace", null_space(options.constant_modes));
          using TpetraOperator = Tpetra::Operator<double,
                                                  Matrix::local_ordinal_type,
                                                  Matrix::global_ordinal_type,
                                                  Matrix::node_type>;
          const auto cycle     = MueLu::CreateTpetraPreconditioner(
            Teuchos::RCP<TpetraOperator>(Teuchos::rcp_const_cast<Matrix>(A)),
            parameters);
          return [cycle, A = A](const HostBlock &X, const HostBlock &Y) {
            MultiVector y = columns(A->getDomainMap(), Y);
            cycle->apply(columns(A->getRangeMap(), X), y);
          };
        }

      private:
        Teuchos::RCP<const Matrix>
        transposed() const
        {
          return Tpetra::RowMatrixTransposer<double,
                                             Matrix::local_ordinal_type,
                                             Matrix::global_ordinal_type,
                                             Matrix::node_type>(A)
            .createTranspose();
        }

        /// The constant modes as columns.
        Teuchos::RCP<MultiVector>
        null_space(const std::vector<std::vector<bool>> &modes) const
        {
          const Teuchos::RCP<MultiVector> result(
            new MultiVector(A->getDomainMap(), modes.size()));
          for (std::size_t j = 0; j < modes.size(); ++j)
            for (std::size_t i = 0; i < modes[j].size(); ++i)
              result->replaceLocalValue(i, j, modes[j][i] ? 1. : 0.);
          return result;
        }

        const Teuchos::RCP<const Matrix> A;
      };
    } // namespace



    std::unique_ptr<const SparseView>
    make_sparse_view(const TrilinosMatrix &A)
    {
      return std::make_unique<const TpetraView>(A);
    }
  } // namespace internal
} // namespace lsr
