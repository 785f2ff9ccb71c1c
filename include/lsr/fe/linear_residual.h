// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_linear_residual_h
#define lsr_fe_linear_residual_h

#include <lsr/fe/callback_residual.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/lac/block_sparse_matrix.h>
#include <deal.II/lac/sparse_direct.h>
#include <deal.II/lac/sparse_matrix.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace lsr
{
  namespace internal
  {
    template <typename MatrixType, typename VectorType, typename = void>
    struct HasVmult : std::false_type
    {};

    template <typename MatrixType, typename VectorType>
    struct HasVmult<
      MatrixType,
      VectorType,
      std::void_t<decltype(std::declval<const MatrixType &>().vmult(
        std::declval<VectorType &>(),
        std::declval<const VectorType &>()))>> : std::true_type
    {};
    /// $y = A^{-1} x$ by a sparse direct solver, with something added to the
    /// diagonal of rows @p pinned; nothing if the matrix is so
    /// large that it may take long, or singular.
    template <typename MatrixType, typename VectorType>
    std::function<void(const VectorType &x, VectorType &y)>
    factorization(const MatrixType &A, const std::vector<std::size_t> &pinned)
    {
      constexpr std::size_t most_entries = 3000000;
      if (A.n_nonzero_elements() > most_entries)
        return {};
      const auto solver = std::make_shared<dealii::SparseDirectUMFPACK>();
      try
        {
          MatrixType matrix;
          matrix.reinit(A.get_sparsity_pattern());
          matrix.copy_from(A);
          for (const std::size_t i : pinned)
            matrix.add(i, i, A.frobenius_norm() / std::sqrt(A.m()));
          solver->initialize(matrix);
        }
      catch (const dealii::ExceptionBase &)
        {
          return {};
        }
      return
        [solver](const VectorType &x, VectorType &y) { solver->vmult(y, x); };
    }
  } // namespace internal



  /**
   * A residual whose Jacobian $A$ is a matrix of the program: anything with
   * vmult(y, x), be it a sparse matrix, a block matrix, or a matrix-free
   * operator. See LinearResidual and NewtonResidual.
   */
  template <typename MatrixType, typename VectorType>
  class MatrixResidual : public CallbackResidual<VectorType>
  {
    static_assert(internal::HasVmult<MatrixType, VectorType>::value,
                  "lsr: the matrix of a residual needs a member function "
                  "vmult(y, x) const for vectors of the type of the right hand "
                  "side.");

  public:
    /**
     * Let the norm of the residual be $f^T K^{-1} f$ with a matrix $K$ of
     * diagonal blocks: for saddle-point problems, where the norms of velocity
     * and pressure, say, are known, but not that of both together. The
     * arguments, one for each block of the vector, multiply by the inverse of
     * a block in vmult(y, x): a direct solver, or the preconditioners of the
     * program, if they are symmetric and positive definite. They must live as
     * long as this object. Sets solve_with_gram_matrix in place of
     * minimize_energy().
     */
    template <typename... Preconditioners>
    void
    use_block_preconditioner(const Preconditioners &...preconditioners);

  protected:
    /// @p matrix returns the Jacobian where residual() was linearized; vectors
    /// get their size from @p right_hand_side.
    template <int dim, int spacedim>
    MatrixResidual(
      const dealii::DoFHandler<dim, spacedim>                 &dof_handler,
      const std::common_type_t<SolutionConstraints<spacedim>> &constraints,
      const std::function<const MatrixType &()>               &matrix,
      const VectorType                                        &right_hand_side)
      : CallbackResidual<VectorType>(dof_handler, constraints)
      , A(matrix)
    {
      this->reinit_vector = [&b = right_hand_side](VectorType &v) {
        v.reinit(b);
      };
      this->apply_jacobian = [A = A](const VectorType &x, VectorType &y) {
        A().vmult(y, x);
      };
      if constexpr (std::is_same_v<std::pair<MatrixType, VectorType>,
                                   std::pair<dealii::SparseMatrix<double>,
                                             dealii::Vector<double>>> ||
                    std::is_same_v<std::pair<MatrixType, VectorType>,
                                   std::pair<dealii::BlockSparseMatrix<double>,
                                             dealii::BlockVector<double>>>)
        this->make_factorization = [A = A](const auto &pinned) {
          return internal::factorization<MatrixType, VectorType>(A(), pinned);
        };
    }

    const std::function<const MatrixType &()> A;
  };



  template <typename MatrixType, typename VectorType>
  template <typename... Preconditioners>
  void
  MatrixResidual<MatrixType, VectorType>::use_block_preconditioner(
    const Preconditioners &...preconditioners)
  {
    this->solve_with_jacobian    = nullptr; // which would have precedence
    this->solve_with_gram_matrix = [&preconditioners...](const VectorType &x,
                                                         VectorType       &y) {
      AssertThrow(x.n_blocks() == sizeof...(preconditioners),
                  dealii::ExcMessage(
                    "use_block_preconditioner(): " +
                    std::to_string(sizeof...(preconditioners)) +
                    " preconditioners for a vector of " +
                    std::to_string(x.n_blocks()) + " blocks."));
      unsigned int block = 0;
      ((preconditioners.vmult(y.block(block), x.block(block)), ++block), ...);
    };
  }



  /**
   * The residual $f(u) = A u - b$ of a linear problem that a program has
   * assembled:
   *
   * @code
   *   LinearResidual residual(dof_handler, constraints,
   *                           system_matrix, system_rhs);
   * @endcode
   *
   * $A$ is anything with vmult(y, x): a sparse matrix, a block matrix, a
   * matrix-free operator. Constraints are expected to be condensed into matrix
   * and right hand side, see CallbackResidual, all of whose members can be set.
   */
  template <typename MatrixType, typename VectorType>
  class LinearResidual : public MatrixResidual<MatrixType, VectorType>
  {
  public:
    /// The constraints are those of the solution, see SolutionConstraints. All
    /// other arguments must live as long as this object, and their values may
    /// change between two refinements. In a refinement, the right hand side is
    /// what it was when that began, also where a solver that minimize_error()
    /// was given overwrites it.
    template <int dim, int spacedim>
    LinearResidual(
      const dealii::DoFHandler<dim, spacedim>                 &dof_handler,
      const std::common_type_t<SolutionConstraints<spacedim>> &constraints,
      const MatrixType                                        &system_matrix,
      const VectorType                                        &system_rhs)
      : MatrixResidual<MatrixType, VectorType>(
          dof_handler,
          constraints,
          [&system_matrix]() -> const MatrixType & { return system_matrix; },
          system_rhs)
      , system_rhs(system_rhs)
      , right_hand_side(std::make_shared<VectorType>(system_rhs))
    {
      this->residual = [&A = system_matrix,
                        b  = right_hand_side](const VectorType &u,
                                             VectorType       &f) {
        A.vmult(f, u);
        f -= *b;
      };
    }

    /// For programs that have put boundary values into matrix and right hand
    /// side, and have no other constraints.
    template <int dim, int spacedim>
    LinearResidual(const dealii::DoFHandler<dim, spacedim> &dof_handler,
                   const MatrixType                        &system_matrix,
                   const VectorType                        &system_rhs)
      : LinearResidual(dof_handler,
                       typename SolutionConstraints<spacedim>::BoundaryValues(),
                       system_matrix,
                       system_rhs)
    {}

    void
    prepare(const Column &q) override
    {
      *right_hand_side = system_rhs;
      MatrixResidual<MatrixType, VectorType>::prepare(q);
    }

  private:
    const VectorType                 &system_rhs;
    const std::shared_ptr<VectorType> right_hand_side;
  };
} // namespace lsr

#endif
