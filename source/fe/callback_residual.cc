// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/callback_residual.h>

#include <deal.II/base/exceptions.h>

#include <memory>
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
             !residual.callbacks().solve_with_jacobian;
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
      const Block S = make_block(F.extent(0), F.extent(1));
      if (callbacks.solve_with_jacobian)
        residual.for_each_column(F, S, [&](const VectorType &x, VectorType &y) {
          callbacks.solve_with_jacobian(x, y, 1e-10 * x.l2_norm());
        });
      else
        residual.for_each_column(F, S, callbacks.solve_with_gram_matrix);
      return S;
    }

    bool
    gram_is_jacobian_of(const Residual &other) const override
    {
      return residual.callbacks().solve_with_jacobian && &other == &residual;
    }

  private:
    const ResidualOfCallbacks &residual;
  };



  template <typename VectorType>
  ResidualOfCallbacks<VectorType>::ResidualOfCallbacks(
    const dealii::IndexSet &locally_owned_dofs,
    const Constraints      &constraints,
    const MPI_Comm          communicator)
    : Residual(locally_owned_dofs.n_elements(),
               locally_owned_dofs.n_elements(),
               communicator)
    , owned(locally_owned_dofs)
    , constraints(constraints)
  {
    for (const auto dof : owned)
      if (constraints->is_constrained(dof))
        {
          const bool is_value =
            constraints->get_constraint_entries(dof)->empty();
          (is_value ? dirichlet : dependent)
            .push_back(owned.index_within_set(dof));
        }
    has_dirichlet = this->communicator().sum(dirichlet.size()) > 0;
    set_inner_product(std::make_shared<Product>(*this));
  }



  template <typename VectorType>
  ResidualOfCallbacks<VectorType>::ResidualOfCallbacks(
    const ResidualOfCallbacks &other)
    : Residual(other)
    , owned(other.owned)
    , constraints(other.constraints)
    , dirichlet(other.dirichlet)
    , has_dirichlet(other.has_dirichlet)
    , dependent(other.dependent)
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
    VectorType u = to_vector(q);
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
    from_vector(result, f);
    evaluate_dirichlet_rows(q, u, f);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::evaluate_dirichlet_rows(
    const Column     &q,
    const VectorType &u,
    const Column     &f) const
  {
    if (!has_dirichlet)
      return;
    require_callback(callbacks().apply_jacobian, "apply_jacobian");
    const auto q_host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), q);
    const Column difference      = make_column(q.size());
    const auto   difference_host = Kokkos::create_mirror_view(difference);
    for (const std::size_t row : dirichlet)
      difference_host(row) = q_host(row) - u(owned.nth_index_in_set(row));
    Kokkos::deep_copy(difference, difference_host);

    const VectorType x = to_vector(difference);
    VectorType       y;
    callbacks().reinit_vector(y);
    callbacks().apply_jacobian(x, y);
    const auto f_host = Kokkos::create_mirror_view(f);
    Kokkos::deep_copy(f_host, f);
    for (const std::size_t row : dirichlet)
      f_host(row) = y(owned.nth_index_in_set(row));
    Kokkos::deep_copy(f, f_host);
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
    for_each_column(X, AX, callbacks().apply_jacobian);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::apply_transposed_jacobian(const Block &X,
                                                             const Block &ATX)
  {
    require_transposed_jacobian();
    // Rows of hanging nodes are zero, whatever the Jacobian has there.
    const Block rows = make_block(X.extent(0), X.extent(1));
    Kokkos::deep_copy(rows, X);
    set_zero(rows);
    for_each_column(rows,
                    ATX,
                    callbacks().apply_transposed_jacobian ?
                      callbacks().apply_transposed_jacobian :
                      callbacks().apply_jacobian);
  }



  template <typename VectorType>
  void
  ResidualOfCallbacks<VectorType>::require_transposed_jacobian() const
  {
    AssertThrow(callbacks().apply_transposed_jacobian ||
                  callbacks().solve_with_jacobian,
                dealii::ExcMessage(
                  "CallbackResidual: the transpose of the Jacobian is needed, "
                  "but not available: expected the callback "
                  "apply_transposed_jacobian(), or, for a Jacobian that is "
                  "symmetric and positive definite, solve_with_jacobian() or "
                  "LinearResidual::minimize_energy()."));
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
