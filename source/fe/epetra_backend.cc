// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <deal.II/base/exceptions.h>
#include <deal.II/lac/trilinos_precondition.h>

#include <Amesos.h>
#include <Amesos_BaseSolver.h>
#include <Epetra_CrsMatrix.h>
#include <Epetra_LinearProblem.h>
#include <Epetra_Map.h>
#include <Epetra_MultiVector.h>

#include <algorithm>
#include <string>

#include "fe/sparse_view.h"

namespace lsr
{
  namespace internal
  {
    namespace
    {
      using dealii::TrilinosWrappers::PreconditionAMG;



      /// The memory of @p block as columns distributed by @p map.
      Epetra_MultiVector
      columns(const Epetra_BlockMap &map, const HostBlock &block)
      {
        AssertThrow(block.extent(0) ==
                      static_cast<std::size_t>(map.NumMyElements()),
                    dealii::ExcMessage("A block has " +
                                       std::to_string(block.extent(0)) +
                                       " rows. Expected were the " +
                                       std::to_string(map.NumMyElements()) +
                                       " locally owned rows of the matrix."));
        // Epetra insists on a leading dimension even where there are no rows.
        const int leading_dimension =
          std::max<int>(1, static_cast<int>(block.stride(1)));
        return Epetra_MultiVector(View,
                                  map,
                                  block.data(),
                                  leading_dimension,
                                  static_cast<int>(block.extent(1)));
      }



      void
      check(const int error, const std::string &what)
      {
        AssertThrow(error == 0,
                    dealii::ExcMessage("Epetra could not " + what + ": error " +
                                       std::to_string(error) + "."));
      }



      /// Whether MUMPS is there and can be used: Amesos runs it on all ranks.
      bool
      mumps_is_available(MPI_Comm communicator)
      {
        int comparison = MPI_UNEQUAL;
        MPI_Comm_compare(communicator, MPI_COMM_WORLD, &comparison);
        return Amesos().Query("Amesos_Mumps") &&
               (comparison == MPI_IDENT || comparison == MPI_CONGRUENT);
      }



      class Factorization
      {
      public:
        Factorization(const Epetra_CrsMatrix &A, const std::string &name)
          : map(A.RangeMap())
        {
          problem.SetOperator(const_cast<Epetra_CrsMatrix *>(&A));
          solver.reset(Amesos().Create(name, problem));
          check(solver->SymbolicFactorization());
          check(solver->NumericFactorization());
        }

        void
        solve(const HostBlock &X, const HostBlock &Y)
        {
          Epetra_MultiVector x = columns(map, X), y = columns(map, Y);
          problem.SetLHS(&y);
          problem.SetRHS(&x);
          check(solver->Solve());
        }

      private:
        static void
        check(const int error)
        {
          AssertThrow(error == 0,
                      dealii::ExcMessage(
                        "The matrix of the linear system cannot be factorized "
                        "(error " +
                        std::to_string(error) +
                        " of Amesos): it is singular, or there is not enough "
                        "memory. Is the solution determined by boundary "
                        "conditions or a reaction?"));
        }

        const Epetra_Map                  &map;
        Epetra_LinearProblem               problem;
        std::unique_ptr<Amesos_BaseSolver> solver;
      };



      class EpetraView : public SparseView
      {
      public:
        explicit EpetraView(const TrilinosMatrix &A)
          : A(A)
        {}

        void
        multiply(const HostBlock &X,
                 const HostBlock &Y,
                 const bool       transpose) const override
        {
          const Epetra_CrsMatrix  &A = this->A.trilinos_matrix();
          const Epetra_MultiVector x =
            columns(transpose ? A.RangeMap() : A.DomainMap(), X);
          Epetra_MultiVector y =
            columns(transpose ? A.DomainMap() : A.RangeMap(), Y);
          check(A.Multiply(transpose, x, y), "multiply a matrix and a block");
        }

        /// KLU has five times faster solves than MUMPS, but on 3D meshes it
        /// fills in so much that MUMPS factorizes thirty times faster (36,000
        /// unknowns).
        Operator
        factorize(const bool in_3d) const override
        {
          const auto factorization = std::make_shared<Factorization>(
            A.trilinos_matrix(),
            in_3d && mumps_is_available(A.get_mpi_communicator()) ?
              "Amesos_Mumps" :
              "Amesos_Klu");
          return [factorization](const HostBlock &X, const HostBlock &Y) {
            factorization->solve(X, Y);
          };
        }

        Operator
        multigrid(const MultigridOptions &options) const override
        {
          PreconditionAMG::AdditionalData data;
          data.elliptic              = options.elliptic;
          data.higher_order_elements = options.higher_order;
          data.aggregation_threshold = 0.02;
          data.smoother_sweeps       = options.elliptic ? 2 : 1;
          if (!options.elliptic)
            data.smoother_type = "ILU";
          data.constant_modes       = options.constant_modes;
          const auto preconditioner = std::make_shared<PreconditionAMG>();
          preconditioner->initialize(A, data);
          return [preconditioner](const HostBlock &X, const HostBlock &Y) {
            const Epetra_Operator &cycle = preconditioner->trilinos_operator();
            Epetra_MultiVector     y = columns(cycle.OperatorDomainMap(), Y);
            check(cycle.ApplyInverse(columns(cycle.OperatorRangeMap(), X), y),
                  "apply algebraic multigrid");
          };
        }

      private:
        const TrilinosMatrix &A;
      };
    } // namespace



    std::unique_ptr<const SparseView>
    make_sparse_view(const TrilinosMatrix &A)
    {
      return std::make_unique<const EpetraView>(A);
    }
  } // namespace internal
} // namespace lsr
