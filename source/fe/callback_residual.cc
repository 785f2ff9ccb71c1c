// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/fe/callback_residual.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/lac/precondition.h>
#include <deal.II/lac/solver_cg.h>
#include <deal.II/lac/solver_control.h>

#include <KokkosBlas1_axpby.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>

#include "base/to_view.h"
#include "dense/by_rows.h"

namespace lsr::internal
{
  namespace
  {
    template <typename Callback>
    void
    require_callback(const Callback &callback, const std::string &name)
    {
      AssertThrow(callback,
                  dealii::ExcMessage("CallbackResidual: the callback " + name +
                                     "() is needed, but was not given."));
    }
  } // namespace



  /// The inner product that the callbacks define.
  template <typename VectorType>
  class ResidualOfCallbacks<VectorType>::Product : public InnerProduct
  {
  public:
    explicit Product(const ResidualOfCallbacks &residual)
      : InnerProduct(residual.communicator())
      , residual(residual)
    {}

    bool
    diagonal() const override
    {
      return !residual.callbacks().solve_with_gram_matrix &&
             !residual.has_energy();
    }

    void
    scale(const Block &F) const override
    {
      InnerProduct::scale(F);
      const std::vector<double> &weights = residual.callbacks().row_weights;
      if (weights.empty())
        return;
      AssertThrow(weights.size() == F.extent(0),
                  dealii::ExcDimensionMismatch(weights.size(), F.extent(0)));
      scale_rows(to_view<Column>(weights), F, F);
    }

    Block
    solve(const Block &F) override
    {
      if (diagonal())
        return InnerProduct::solve(F);
      const auto &callbacks = residual.callbacks();
      AssertThrow(callbacks.row_weights.empty(),
                  dealii::ExcMessage(
                    "CallbackResidual: row_weights are given together with "
                    "solve_with_gram_matrix() or solve_with_jacobian(); "
                    "expected one of them."));
      const Block S    = make_block(F.extent(0), F.extent(1)),
                  free = make_block(F.extent(0), F.extent(1));
      Kokkos::deep_copy(free, F);
      residual.set_fixed_to_zero(free);
      if (residual.has_energy())
        residual.for_each_column(free,
                                 S,
                                 [&](const VectorType &x, VectorType &y) {
                                   residual.solve(x, y);
                                 });
      else
        residual.for_each_column(free, S, callbacks.solve_with_gram_matrix);
      residual.set_dirichlet_rows(1. / std::abs(residual.weight.value_or(1.)),
                                  F,
                                  S);
      return S;
    }

    bool
    gram_is_jacobian_of(const Residual &other) const override
    {
      return residual.has_energy() && &other == &residual;
    }

  private:
    const ResidualOfCallbacks &residual;
  };



  template <typename VectorType>
  ResidualOfCallbacks<VectorType>::ResidualOfCallbacks(
    const dealii::IndexSet &locally_owned_dofs,
    const Constraints      &constraints,
    const MPI_Comm          communicator)
    : ProgramResidual(locally_owned_dofs.n_elements(),
                      locally_owned_dofs.n_elements(),
                      communicator)
    , owned(locally_owned_dofs)
    , constraints(constraints)
  {
    for (const auto dof : owned)
      if (constraints->is_constrained(dof))
        (constraints->get_constraint_entries(dof)->empty() ? dirichlet :
                                                             dependent)
          .push_back(owned.index_within_set(dof));
    n_constrained = dirichlet.size();
    set_inner_product(std::make_shared<Product>(*this));
  }



  template <typename VectorType>
  ResidualOfCallbacks<VectorType>::ResidualOfCallbacks(
    const ResidualOfCallbacks &other)
    : ProgramResidual(other)
    , make_factorization(other.make_factorization)
    , owned(other.owned)
    , constraints(other.constraints)
    , dependent(other.dependent)
    , dirichlet(other.dirichlet)
    , n_constrained(other.n_constrained)
    , values_in_matrix(other.values_in_matrix)
    , weight(other.weight)
    , linearized(other.linearized)
    , conjugate_gradients(other.conjugate_gradients)
    , preconditioner(other.preconditioner)
  {
    if (dynamic_cast<Product *>(&other.inner_product()))
      set_inner_product(std::make_shared<Product>(*this));
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::set_zero(const Block &columns) const
  {
    const auto host = Kokkos::create_mirror_view(columns);
    Kokkos::deep_copy(host, columns);
    for (std::size_t j = 0; j < host.extent(1); ++j)
      for (const std::size_t row : dependent)
        host(row, j) = 0.;
    Kokkos::deep_copy(columns, host);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::set_fixed_to_zero(const Block &columns) const
  {
    set_zero(columns);
    set_dirichlet_rows(0., columns, columns);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::set_dirichlet_rows(const double factor,
                                                      const Block &X,
                                                      const Block &Y) const
  {
    if (dirichlet.empty())
      return;
    const auto x = Kokkos::create_mirror_view(X),
               y = Kokkos::create_mirror_view(Y);
    Kokkos::deep_copy(x, X);
    Kokkos::deep_copy(y, Y);
    for (std::size_t j = 0; j < x.extent(1); ++j)
      for (const std::size_t row : dirichlet)
        y(row, j) = factor * x(row, j);
    Kokkos::deep_copy(Y, y);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::find_weight()
  {
    // The same on all ranks.
    if (weight || this->communicator().sum(dirichlet.size()) == 0.)
      return;
    weight = 1.;
    // With random signs x, the mean of (A x)_i^2 is the square of the length of
    // row i.
    const std::size_t n = this->n_values();
    const HostColumn  x("lsr::x", n);
    std::mt19937      generator(23 + this->communicator().rank());
    for (std::size_t i = 0; i < n; ++i)
      x(i) = generator() % 2 == 0 ? 1. : -1.;
    const Column X = to_memory_space(x), AX = make_column(n);
    set_fixed_to_zero(as_block(X));
    apply_jacobian(as_block(X), as_block(AX));
    set_fixed_to_zero(as_block(AX));
    const double squares = this->communicator().sum(dot(AX, AX)),
                 energy  = this->communicator().sum(dot(X, AX)),
                 n_free  = this->communicator().sum(dot(X, X));
    if (squares > 0. && std::isfinite(squares))
      // A power of ten, which does not depend on the signs, and so on ranks.
      weight = std::pow(10.,
                        std::round(std::log10(dirichlet_weight *
                                              std::sqrt(squares / n_free)))) *
               (energy < 0. ? -1. : 1.);
  }



  template <typename VectorType>
  VectorType
  ResidualOfCallbacks<VectorType>::to_vector(const Column &column) const
  {
    require_callback(callbacks().reinit_vector, "reinit_vector");
    const auto host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), column);
    VectorType vector;
    callbacks().reinit_vector(vector);
    AssertThrow(vector.size() == owned.size(),
                dealii::ExcMessage(
                  "CallbackResidual: reinit_vector() made a vector of size " +
                  std::to_string(vector.size()) + ", expected " +
                  std::to_string(owned.size()) + "."));
    std::size_t row = 0;
    for (const auto dof : owned)
      vector(dof) = host(row++);
    vector.compress(dealii::VectorOperation::insert);
    return vector;
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::from_vector(const VectorType &vector,
                                               const Column     &column) const
  {
    const auto  host = Kokkos::create_mirror_view(column);
    std::size_t row  = 0;
    for (const auto dof : owned)
      host(row++) = vector(dof);
    for (const std::size_t i : dependent)
      host(i) = 0.;
    Kokkos::deep_copy(column, host);
  }



  template <typename VectorType>
  VectorType
  ResidualOfCallbacks<VectorType>::field(const Column &q) const
  {
    const HostColumn values("lsr::values", q.size());
    Kokkos::deep_copy(values, q);
    for (std::size_t k = 0; k < values_in_matrix.size(); ++k)
      values(dirichlet[n_constrained + k]) = values_in_matrix[k];
    VectorType u = to_vector(to_memory_space(values));
    constraints->distribute(u);
    return u;
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::distribute(const Column &q) const
  {
    const VectorType u    = field(q);
    const auto       host = Kokkos::create_mirror_view(q);
    std::size_t      row  = 0;
    for (const auto dof : owned)
      host(row++) = u(dof);
    Kokkos::deep_copy(q, host);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::evaluate(const Column &q, const Column &f)
  {
    require_callback(callbacks().residual, "residual");
    const VectorType u = field(q);
    VectorType       result;
    callbacks().reinit_vector(result);
    callbacks().residual(u, result);
    find_weight();
    from_vector(result, f);
    const Column determined = make_column(q.size());
    Kokkos::deep_copy(determined, q);
    distribute(determined);
    KokkosBlas::axpby(1., q, -1., determined);
    set_dirichlet_rows(weight.value_or(1.), as_block(determined), as_block(f));
  }



  template <typename VectorType>
  std::optional<typename ResidualOfCallbacks<VectorType>::Objective>
  ResidualOfCallbacks<VectorType>::objective() const
  {
    if (callbacks().solve_for_error)
      return Objective::error;
    const bool is_product_of_callbacks =
      dynamic_cast<const Product *>(&this->inner_product()) != nullptr;
    if (is_product_of_callbacks && !callbacks().solve_with_gram_matrix &&
        !has_energy() && callbacks().row_weights.empty())
      return std::nullopt;
    return Objective::given;
  }



  template <typename VectorType>
  bool
  ResidualOfCallbacks<VectorType>::is_affine() const
  {
    return !callbacks().setup_jacobian;
  }



  template <typename VectorType>
  bool
  ResidualOfCallbacks<VectorType>::has_inverse() const
  {
    return callbacks().solve_for_error || has_energy() ||
           callbacks().solve_with_gram_matrix;
  }



  template <typename VectorType>
  bool
  ResidualOfCallbacks<VectorType>::factorize(
    const std::vector<std::size_t> &pinned)
  {
    factorization =
      make_factorization ? make_factorization(pinned) : Function();
    return static_cast<bool>(factorization);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::inverse(const Column &x, const Column &y)
  {
    // A Newton loop may have assembled another Jacobian meanwhile.
    if (!is_affine())
      apply_jacobian(as_block(x), as_block(y));
    const Column free = make_column(x.size());
    Kokkos::deep_copy(free, x);
    set_fixed_to_zero(as_block(free));
    for_each_column(as_block(free),
                    as_block(y),
                    [this](const VectorType &right_hand_side,
                           VectorType       &solution) {
                      if (factorization)
                        factorization(right_hand_side, solution);
                      else if (callbacks().solve_for_error)
                        callbacks().solve_for_error(right_hand_side, solution);
                      else if (has_energy())
                        solve(right_hand_side, solution);
                      else
                        callbacks().solve_with_gram_matrix(right_hand_side,
                                                           solution);
                    });
    set_dirichlet_rows(weight ? 1. / *weight : 0., as_block(x), as_block(y));
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::prepare(const Column &q)
  {
    // What was found before belongs to another matrix.
    dirichlet.resize(n_constrained);
    values_in_matrix.clear();
    factorization = nullptr;
    weight        = std::nullopt;
    linearize(q);

    // In a row that is diagonal, entries of A x are multiples of those of x,
    // the same ones for all x.
    const std::size_t n = q.size();
    const HostBlock   x("lsr::x", n, 3);
    std::mt19937      generator(17 + this->communicator().rank());
    std::normal_distribution<double> normal;
    for (std::size_t j = 0; j < x.extent(1); ++j)
      for (std::size_t i = 0; i < n; ++i)
        x(i, j) = normal(generator);
    const Block X = to_memory_space(x), AX = make_block(n, x.extent(1));
    set_fixed_to_zero(X);
    apply_jacobian(X, AX);
    const HostBlock          y = to_host(AX);
    std::vector<std::size_t> diagonal_rows;
    std::vector<double>      diagonal;
    for (std::size_t i = 0; i < n; ++i)
      {
        const double d      = y(i, 0) / x(i, 0);
        const auto   is_too = [&](const std::size_t j) {
          return std::abs(y(i, j) - d * x(i, j)) <= 1e-10 * std::abs(y(i, j));
        };
        if (d != 0. && std::isfinite(d) && is_too(1) && is_too(2))
          {
            diagonal_rows.push_back(i);
            diagonal.push_back(d);
          }
      }
    const double n_found = this->communicator().sum(diagonal_rows.size());
    const double n_free =
      this->communicator().sum(n - dependent.size() - dirichlet.size());
    if (n_found == 0 || n_found == n_free)
      return;

    // The values that make these rows zero: f_i = d_i (q_i - g_i).
    const Column f = make_column(n), moved_f = make_column(n),
                 moved_q = make_column(n);
    evaluate(q, f);
    const HostColumn values = to_host(q), residuals = to_host(f);
    const HostColumn moved("lsr::moved", n);
    Kokkos::deep_copy(moved, values);
    for (const std::size_t i : diagonal_rows)
      moved(i) += 1.;
    Kokkos::deep_copy(moved_q, moved);
    evaluate(moved_q, moved_f);
    const HostColumn moved_residuals = to_host(moved_f);
    double           n_indifferent   = 0;
    for (std::size_t k = 0; k < diagonal_rows.size(); ++k)
      {
        const std::size_t i = diagonal_rows[k];
        n_indifferent += residuals(i) == 0. && moved_residuals(i) == 0.;
        dirichlet.push_back(i);
        values_in_matrix.push_back(values(i) - residuals(i) / diagonal[k]);
      }
    weight        = std::nullopt; // without these rows
    n_indifferent = this->communicator().sum(n_indifferent);
    AssertThrow(
      n_indifferent == 0,
      dealii::ExcMessage(
        "The residual is zero in " +
        std::to_string(static_cast<std::size_t>(n_indifferent)) +
        " rows that are diagonal in the Jacobian, whatever the values there "
        "are; they look like boundary values of the update in a Newton "
        "iteration, expected constraints with the boundary values of the "
        "solution."));
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::linearize(const Column &q)
  {
    if (!callbacks().setup_jacobian)
      return;
    require_callback(callbacks().residual, "residual");
    const VectorType u = field(q);
    VectorType       f;
    callbacks().reinit_vector(f);
    callbacks().residual(u, f);
    callbacks().setup_jacobian(u, f);
    if (!linearized)
      weight = std::nullopt; // of another Jacobian, if there was one
    linearized = true;
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::for_each_column(
    const Block                                                   &X,
    const Block                                                   &Y,
    const std::function<void(const VectorType &x, VectorType &y)> &operation)
    const
  {
    VectorType y;
    require_callback(callbacks().reinit_vector, "reinit_vector");
    callbacks().reinit_vector(y);
    for (std::size_t j = 0; j < X.extent(1); ++j)
      {
        operation(to_vector(Kokkos::subview(X, Kokkos::ALL(), j)), y);
        from_vector(y, Kokkos::subview(Y, Kokkos::ALL(), j));
      }
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::apply_jacobian(const Block &X,
                                                  const Block &AX)
  {
    require_callback(callbacks().apply_jacobian, "apply_jacobian");
    find_weight();
    const Block free = make_block(X.extent(0), X.extent(1));
    Kokkos::deep_copy(free, X);
    set_dirichlet_rows(0., X, free);
    for_each_column(free, AX, callbacks().apply_jacobian);
    set_dirichlet_rows(weight.value_or(1.), X, AX);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::apply_transposed_jacobian(const Block &X,
                                                             const Block &ATX)
  {
    require_transposed_jacobian();
    find_weight();
    const Block rows = make_block(X.extent(0), X.extent(1));
    Kokkos::deep_copy(rows, X);
    set_fixed_to_zero(rows);
    for_each_column(rows,
                    ATX,
                    callbacks().apply_transposed_jacobian ?
                      callbacks().apply_transposed_jacobian :
                      callbacks().apply_jacobian);
    set_dirichlet_rows(weight.value_or(1.), X, ATX);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::require_transposed_jacobian() const
  {
    AssertThrow(callbacks().apply_transposed_jacobian || has_energy(),
                dealii::ExcMessage(
                  "CallbackResidual: the transpose of the Jacobian is needed, "
                  "but not available: expected the callback "
                  "apply_transposed_jacobian(), or, for a Jacobian that is "
                  "symmetric and positive definite, solve_with_jacobian() or "
                  "minimize_energy()."));
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::apply_mass(const Block &X, const Block &MX)
  {
    require_mass();
    for_each_column(X, MX, callbacks().apply_mass);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::require_mass() const
  {
    require_callback(callbacks().apply_mass, "apply_mass");
  }



  namespace
  {
    /// A function, as deal.II's solvers want it.
    template <typename VectorType>
    struct Operator
    {
      const std::function<void(const VectorType &, VectorType &)> &function;

      void
      vmult(VectorType &y, const VectorType &x) const
      {
        function(x, y);
      }
    };
  } // namespace



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::use_conjugate_gradients(
    const Function &preconditioner)
  {
    static_cast<CallbackResidual<VectorType> &>(*this).solve_with_gram_matrix =
      nullptr;
    conjugate_gradients  = true;
    this->preconditioner = preconditioner;
  }



  template <typename VectorType>
  bool
  ResidualOfCallbacks<VectorType>::has_energy() const
  {
    return (conjugate_gradients && !callbacks().solve_with_gram_matrix) ||
           callbacks().solve_with_jacobian;
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::solve(const VectorType &x,
                                         VectorType       &y) const
  {
    const double tolerance = 1e-10 * x.l2_norm();
    if (callbacks().solve_with_jacobian)
      return callbacks().solve_with_jacobian(x, y, tolerance);
    require_callback(callbacks().apply_jacobian, "apply_jacobian");
    y = 0.;
    dealii::SolverControl        control(std::max<unsigned int>(1000, x.size()),
                                  tolerance);
    dealii::SolverCG<VectorType> solver(control);
    const Operator<VectorType>   A{callbacks().apply_jacobian};
    try
      {
        if (preconditioner)
          solver.solve(A, y, x, Operator<VectorType>{preconditioner});
        else
          solver.solve(A, y, x, dealii::PreconditionIdentity());
      }
    catch (const dealii::SolverControl::NoConvergence &)
      {
        AssertThrow(
          false,
          dealii::ExcMessage(
            "CallbackResidual::minimize_energy(): conjugate gradients did not "
            "converge in " +
            std::to_string(control.last_step()) +
            " steps; expected a symmetric positive definite matrix."));
      }
  }



  template <typename VectorType>
  const CallbackResidual<VectorType> &
  ResidualOfCallbacks<VectorType>::callbacks() const
  {
    return static_cast<const CallbackResidual<VectorType> &>(*this);
  }



  template class ResidualOfCallbacks<dealii::Vector<double>>;
  template class ResidualOfCallbacks<
    dealii::LinearAlgebra::distributed::Vector<double>>;
  template class ResidualOfCallbacks<dealii::TrilinosWrappers::MPI::Vector>;
  template class ResidualOfCallbacks<dealii::BlockVector<double>>;
  template class ResidualOfCallbacks<
    dealii::LinearAlgebra::distributed::BlockVector<double>>;
  template class ResidualOfCallbacks<
    dealii::TrilinosWrappers::MPI::BlockVector>;
} // namespace lsr::internal
