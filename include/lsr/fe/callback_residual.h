// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_callback_residual_h
#define lsr_fe_callback_residual_h

#include <lsr/fe/solution_constraints.h>
#include <lsr/refine/residual.h>

#include <deal.II/base/index_set.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/lac/affine_constraints.h>
#include <deal.II/lac/block_vector.h>
#include <deal.II/lac/la_parallel_block_vector.h>
#include <deal.II/lac/la_parallel_vector.h>
#include <deal.II/lac/trilinos_parallel_block_vector.h>
#include <deal.II/lac/trilinos_vector.h>
#include <deal.II/lac/vector.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace lsr
{
  /// A residual of a program with what its user has said about norms; see
  /// refine_and_check().
  class ProgramResidual : public Residual
  {
  public:
    /// What is to be minimized.
    enum class Objective
    {
      /// The norm of the inner product, which the user has set.
      given,
      /// The error itself, in $L_2$, with inverse() as $A^{-1}$.
      error
    };

    /// What the user has said; automatic: refine_and_check() chooses.
    virtual std::optional<Objective>
    objective() const = 0;

    /// Whether $f$ is affine in $q$.
    virtual bool
    is_affine() const = 0;

    /// Linearize at @p q, and find out which rows are boundary values that
    /// somebody has put into the matrix. Collective.
    virtual void
    prepare(const Column &q) = 0;

    /// Zero the rows of all values that constraints or boundary conditions
    /// determine; set_zero() leaves those whose values the network should come
    /// close to as a function.
    virtual void
    set_fixed_to_zero(const Block &columns) const = 0;

    /// Whether the user gave an inverse().
    virtual bool
    has_inverse() const = 0;

    /// Factorize the Jacobian, as it is linearized, for inverse() until the
    /// next prepare(), with something added to the diagonal of rows @p pinned
    /// (of this rank), so that it is not singular; returns whether that was
    /// possible at a cost that is small.
    virtual bool
    factorize(const std::vector<std::size_t> &pinned) = 0;

    /// $y = A^{-1} x$, or what the user gave as an approximation of it.
    virtual void
    inverse(const Column &x, const Column &y) = 0;

  protected:
    using Residual::Residual;
  };



  template <typename VectorType>
  class CallbackResidual;

  namespace internal
  {
    /// Whether @p VectorType is one of @p Types.
    template <typename VectorType, typename... Types>
    constexpr bool is_one_of = (std::is_same_v<VectorType, Types> || ...);

    template <typename VectorType>
    constexpr bool is_vector_of_residuals =
      is_one_of<VectorType,
                dealii::Vector<double>,
                dealii::LinearAlgebra::distributed::Vector<double>,
                dealii::TrilinosWrappers::MPI::Vector,
                dealii::BlockVector<double>,
                dealii::LinearAlgebra::distributed::BlockVector<double>,
                dealii::TrilinosWrappers::MPI::BlockVector>;



    /// A CallbackResidual as a Residual. It is a class of its own because
    /// callbacks have the names of some of its functions.
    template <typename VectorType>
    class ResidualOfCallbacks : public ProgramResidual
    {
    public:
      using Objective = ProgramResidual::Objective;

      std::optional<Objective>
      objective() const override;

      bool
      is_affine() const override;

      void
      prepare(const Column &q) override;

      void
      set_fixed_to_zero(const Block &columns) const override;

      bool
      has_inverse() const override;

      bool
      factorize(const std::vector<std::size_t> &pinned) override;

      void
      inverse(const Column &x, const Column &y) override;

      void
      set_zero(const Block &columns) const override;

      void
      distribute(const Column &q) const override;

      void
      evaluate(const Column &q, const Column &f) override;

      void
      linearize(const Column &q) override;

      void
      apply_jacobian(const Block &X, const Block &AX) override;

      void
      apply_transposed_jacobian(const Block &X, const Block &ATX) override;

      void
      require_transposed_jacobian() const override;

      void
      apply_mass(const Block &X, const Block &MX) override;

      void
      require_mass() const override;

      /// The constraints of the solution.
      const dealii::AffineConstraints<double> &
      affine_constraints() const
      {
        return *constraints;
      }

      /// The weight of rows of Dirichlet values, relative to the mean length of
      /// the other rows of the Jacobian.
      static constexpr double dirichlet_weight = 1e-3;

      /// The vector with locally owned entries @p column.
      VectorType
      to_vector(const Column &column) const;

      /// The vector with locally owned entries @p q that obeys the constraints.
      VectorType
      field(const Column &q) const;

    protected:
      using Constraints =
        std::shared_ptr<const dealii::AffineConstraints<double>>;

      ResidualOfCallbacks(const dealii::IndexSet &locally_owned_dofs,
                          const Constraints      &constraints,
                          const MPI_Comm          communicator);

      using Function = std::function<void(const VectorType &x, VectorType &y)>;

      /// Minimize the energy, by conjugate gradients with a preconditioner that
      /// may be empty.
      void
      use_conjugate_gradients(const Function &preconditioner);

      /// Returns $A^{-1}$ by a factorization of the matrix, or nothing; see
      /// factorize(). May be empty.
      std::function<Function(const std::vector<std::size_t> &pinned)>
        make_factorization;

      /// The inner product of the callbacks belongs to the copy.
      ResidualOfCallbacks(const ResidualOfCallbacks &other);
      ResidualOfCallbacks &
      operator=(const ResidualOfCallbacks &) = delete;

    private:
      class Product;

      /// Whether the energy is minimized.
      bool
      has_energy() const;

      /// $y = A^{-1} x$ for the energy.
      void
      solve(const VectorType &x, VectorType &y) const;

      const CallbackResidual<VectorType> &
      callbacks() const;

      void
      from_vector(const VectorType &vector, const Column &column) const;

      /// Find the weight of the rows of boundary values.
      void
      find_weight();

      /// Let rows of boundary values of @p Y be @p factor times those of @p X.
      void
      set_dirichlet_rows(const double factor,
                         const Block &X,
                         const Block &Y) const;

      /// Column by column: X to vectors, @p operation, and back.
      void
      for_each_column(
        const Block &X,
        const Block &Y,
        const std::function<void(const VectorType &x, VectorType &y)>
          &operation) const;

      const dealii::IndexSet owned;
      const Constraints      constraints;

      /// Rows of hanging nodes and others that depend on values.
      std::vector<std::size_t> dependent;

      /// Rows of boundary values. Those from n_constrained on are in the
      /// matrix, see prepare(), and have these values.
      std::vector<std::size_t> dirichlet;
      std::size_t              n_constrained;
      std::vector<double>      values_in_matrix;

      /// The weight of the rows of boundary values; none: not known yet.
      std::optional<double> weight;

      /// Whether there was a linearize().
      bool linearized = false;

      /// See factorize().
      Function factorization;

      /// See use_conjugate_gradients().
      bool     conjugate_gradients = false;
      Function preconditioner;
    };
  } // namespace internal



  /**
   * The residual of a program that has its own assembly, by callbacks with the
   * names and arguments of deal.II's wrappers for nonlinear solvers
   * (SUNDIALS::KINSOL, TrilinosWrappers::NOXSolver): a program that has these
   * hands them over unchanged.
   *
   * @code
   *   CallbackResidual<Vector<double>> residual(dof_handler, constraints);
   *   residual.take_callbacks(nonlinear_solver);
   *   residual.apply_jacobian = [&](const auto &x, auto &y) {
   *     jacobian_matrix.vmult(y, x);
   *   };
   * @endcode
   *
   * The vector is made to satisfy the constraints before residual() is called,
   * and constrained entries of what comes back are ignored. The Jacobian is
   * expected to be condensed, as
   * AffineConstraints::distribute_local_to_global(),
   * MatrixTools::apply_boundary_values() or a matrix-free operator make it;
   * what it has on the diagonal of constrained rows is ignored, too. Rows of
   * hanging nodes are zero. Rows of Dirichlet values $g_i$ are $w\,(q_i - g_i)$
   * with a weight that is small (#dirichlet_weight times the mean length of the
   * other rows of $A$): the field has these values anyway, and the refined
   * network as a function comes close to them. Boundary values that are in the
   * matrix and not among the constraints are found by prepare(), as rows that
   * are diagonal, and treated alike.
   *
   * Which norm of the residual is minimized need not be said:
   * refine_and_check() finds it. What is said wins: minimize_energy(),
   * minimize_error(), or the callbacks below. With row_weights, rows are
   * multiplied by them; with solve_with_gram_matrix, the norm is the dual one,
   * $f^T K^{-1} f$; with solve_with_jacobian, $f^T A^{-1} f$, the energy of the
   * error, at the cost of a solve for each norm and none for the directions.
   * Where parts of the library are called that choose no norm, it is Euclidean
   * if nothing is said.
   *
   * As a Residual (through a reference to it) this class has functions for
   * blocks that are named like some of the callbacks, which hide them here.
   *
   * Vectors may be Vector<double>, LinearAlgebra::distributed::Vector<double>,
   * TrilinosWrappers::MPI::Vector, or the block vectors of these.
   * LinearResidual has the callbacks of a linear problem.
   */
  template <typename VectorType>
  class CallbackResidual : public internal::ResidualOfCallbacks<VectorType>
  {
    static_assert(internal::is_vector_of_residuals<VectorType>,
                  "lsr: the vectors of a residual may be Vector<double>, "
                  "LinearAlgebra::distributed::Vector<double>, "
                  "TrilinosWrappers::MPI::Vector, or the block vectors of "
                  "these.");

  public:
    /// @p constraints are those of the solution, hanging nodes and Dirichlet
    /// values, in any of the forms of SolutionConstraints.
    template <int dim, int spacedim>
    CallbackResidual(
      const dealii::DoFHandler<dim, spacedim> &dof_handler,
      // a type that braces and conversions do not have to be deduced from
      const std::common_type_t<SolutionConstraints<spacedim>> &constraints)
      : internal::ResidualOfCallbacks<VectorType>(
          dof_handler.locally_owned_dofs(),
          constraints.combine(dof_handler),
          dof_handler.get_communicator())
    {}

    /// Without constraints, for programs that have put boundary values into
    /// matrix and right hand side: MatrixTools::apply_boundary_values().
    template <int dim, int spacedim>
    explicit CallbackResidual(
      const dealii::DoFHandler<dim, spacedim> &dof_handler)
      : CallbackResidual(
          dof_handler,
          typename SolutionConstraints<spacedim>::BoundaryValues())
    {}

    /// The same for degrees of freedom that no DoFHandler numbers. The
    /// constraints must live as long as this object.
    CallbackResidual(const dealii::IndexSet &locally_owned_dofs,
                     const dealii::AffineConstraints<double> &constraints,
                     const MPI_Comm                           communicator)
      : internal::ResidualOfCallbacks<VectorType>(locally_owned_dofs,
                                                  {&constraints,
                                                   [](const auto *) {}},
                                                  communicator)
    {}

    /// Take reinit_vector(), residual() and setup_jacobian() from a solver that
    /// has been set up: SUNDIALS::KINSOL, or another one with these members.
    template <typename NonlinearSolver>
    void
    take_callbacks(const NonlinearSolver &solver)
    {
      reinit_vector  = solver.reinit_vector;
      residual       = solver.residual;
      setup_jacobian = solver.setup_jacobian;
    }

    /**
     * Minimize the energy of the error, $f^T A^{-1} f$: for Jacobians that are
     * symmetric and positive definite. Solves are those of conjugate gradients.
     */
    void
    minimize_energy()
    {
      this->use_conjugate_gradients({});
    }

    /// The same, with a preconditioner: an object with vmult(y, x), or a
    /// function (x, y). It must live as long as this object.
    template <typename Preconditioner>
    void
    minimize_energy(const Preconditioner &preconditioner)
    {
      this->use_conjugate_gradients(to_function(preconditioner));
    }

    /**
     * Minimize the error itself, in $L_2$: the norm is $f^T K^{-1} f$ with
     * $K = A M^{-1} A^T$. For any Jacobian, where $y = A^{-1} x$ is at hand: a
     * factorization or another object with vmult(y, x), or a function (x, y).
     * It must live as long as this object. For refine() of a DoFHandler and
     * refine_and_check().
     */
    template <typename Inverse>
    void
    minimize_error(const Inverse &inverse)
    {
      solve_for_error = to_function(inverse);
    }

    /// Give a vector the size (and ghost entries) that residual() expects.
    std::function<void(VectorType &v)> reinit_vector;

    /// Compute $f(u)$.
    std::function<void(const VectorType &u, VectorType &f)> residual;

    /// Prepare apply_jacobian() for @p current_u. May be empty if the Jacobian
    /// does not depend on it.
    std::function<void(const VectorType &current_u,
                       const VectorType &current_f)>
      setup_jacobian;

    /// Compute $y = A x$ with the Jacobian $A$ of the residual.
    std::function<void(const VectorType &x, VectorType &y)> apply_jacobian;

    /// Optional: $y = A^T x$, which an alignment by L-BFGS in pseudo-time and
    /// subspaces of the residual need. Where solve_with_jacobian is given, the
    /// Jacobian is taken to be its own transpose.
    std::function<void(const VectorType &x, VectorType &y)>
      apply_transposed_jacobian;

    /// Optional: $y = M x$ with the mass matrix of Residual::apply_mass(),
    /// which an alignment in pseudo-time needs.
    std::function<void(const VectorType &x, VectorType &y)> apply_mass;

    /// Optional: $y = K^{-1} x$ for the dual norm.
    std::function<void(const VectorType &x, VectorType &y)>
      solve_with_gram_matrix;

    /**
     * Optional, for a symmetric positive definite Jacobian and in place of
     * solve_with_gram_matrix: $y = A^{-1} x$, up to a residual of norm
     * @p tolerance. If the Jacobian depends on the solution, the norm changes
     * from linearization to linearization.
     */
    std::function<
      void(const VectorType &x, VectorType &y, const double tolerance)>
      solve_with_jacobian;

    /// Optional, without the two above: factors of the rows of the residual,
    /// locally owned.
    std::vector<double> row_weights;

    /// What minimize_error() sets: $y = A^{-1} x$.
    std::function<void(const VectorType &x, VectorType &y)> solve_for_error;

  private:
    /// @p inverse as a function (x, y).
    template <typename Inverse>
    static std::function<void(const VectorType &x, VectorType &y)>
    to_function(const Inverse &inverse)
    {
      if constexpr (std::is_invocable_v<const Inverse &,
                                        const VectorType &,
                                        VectorType &>)
        return inverse;
      else
        return [&inverse](const VectorType &x, VectorType &y) {
          inverse.vmult(y, x);
        };
    }
  };
} // namespace lsr

#endif
