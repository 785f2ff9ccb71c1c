// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/fe/callback_residual.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/lac/block_vector.h>
#include <deal.II/lac/la_parallel_block_vector.h>
#include <deal.II/lac/la_parallel_vector.h>
#include <deal.II/lac/trilinos_parallel_block_vector.h>
#include <deal.II/lac/trilinos_vector.h>
#include <deal.II/lac/vector.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace lsr
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



  template <typename VectorType>
  CallbackResidual<VectorType>::CallbackResidual(
    const dealii::IndexSet                  &locally_owned_dofs,
    const dealii::AffineConstraints<double> &constraints,
    const MPI_Comm                           communicator)
    : Residual(locally_owned_dofs.n_elements(),
               locally_owned_dofs.n_elements(),
               communicator)
    , owned(locally_owned_dofs)
    , constraints(constraints)
  {
    for (const auto dof : owned)
      if (constraints.is_constrained(dof))
        {
          const bool is_value =
            constraints.get_constraint_entries(dof)->empty();
          (is_value ? dirichlet : dependent)
            .push_back(owned.index_within_set(dof));
        }
    has_dirichlet = this->communicator().sum(dirichlet.size()) > 0;
  }



  template <typename VectorType>
  const dealii::AffineConstraints<double> &
  CallbackResidual<VectorType>::no_constraints()
  {
    static const dealii::AffineConstraints<double> none = []() {
      dealii::AffineConstraints<double> closed;
      closed.close();
      return closed;
    }();
    return none;
  }



  template <typename VectorType>
  void
  CallbackResidual<VectorType>::constrain(const Block &columns) const
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
  CallbackResidual<VectorType>::to_vector(const Column &column) const
  {
    require_callback(reinit_vector, "reinit_vector");
    const auto host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), column);
    VectorType vector;
    reinit_vector(vector);
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
  CallbackResidual<VectorType>::from_vector(const VectorType &vector,
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
  CallbackResidual<VectorType>::field(const Column &q) const
  {
    VectorType u = to_vector(q);
    constraints.distribute(u);
    return u;
  }



  template <typename VectorType>
  void
  CallbackResidual<VectorType>::conform(const Column &q) const
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
  CallbackResidual<VectorType>::evaluate(const Column &q, const Column &f)
  {
    require_callback(residual, "residual");
    const VectorType u = field(q);
    VectorType       result;
    reinit_vector(result);
    residual(u, result);
    from_vector(result, f);
    evaluate_dirichlet_rows(q, u, f);
    if (row_weights.empty())
      return;
    AssertThrow(row_weights.size() == f.size(),
                dealii::ExcDimensionMismatch(row_weights.size(), f.size()));
    const auto host = Kokkos::create_mirror_view(f);
    Kokkos::deep_copy(host, f);
    for (std::size_t i = 0; i < row_weights.size(); ++i)
      host(i) *= row_weights[i];
    Kokkos::deep_copy(f, host);
  }



  template <typename VectorType>
  void
  CallbackResidual<VectorType>::evaluate_dirichlet_rows(const Column     &q,
                                                        const VectorType &u,
                                                        const Column &f) const
  {
    if (!has_dirichlet)
      return;
    require_callback(apply_jacobian, "apply_jacobian");
    const auto q_host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), q);
    const Column difference      = make_column(q.size());
    const auto   difference_host = Kokkos::create_mirror_view(difference);
    for (const std::size_t row : dirichlet)
      difference_host(row) = q_host(row) - u(owned.nth_index_in_set(row));
    Kokkos::deep_copy(difference, difference_host);

    const VectorType x = to_vector(difference);
    VectorType       y;
    reinit_vector(y);
    apply_jacobian(x, y);
    const auto f_host = Kokkos::create_mirror_view(f);
    Kokkos::deep_copy(f_host, f);
    for (const std::size_t row : dirichlet)
      f_host(row) = y(owned.nth_index_in_set(row));
    Kokkos::deep_copy(f, f_host);
  }



  template <typename VectorType>
  void
  CallbackResidual<VectorType>::linearize(const Column &q)
  {
    if (!setup_jacobian)
      return;
    require_callback(residual, "residual");
    const VectorType u = field(q);
    VectorType       f;
    reinit_vector(f);
    residual(u, f);
    setup_jacobian(u, f);
  }



  template <typename VectorType>
  void
  CallbackResidual<VectorType>::for_each_column(
    const Block                                                   &X,
    const Block                                                   &Y,
    const std::function<void(const VectorType &x, VectorType &y)> &operation)
    const
  {
    VectorType y;
    require_callback(reinit_vector, "reinit_vector");
    reinit_vector(y);
    for (std::size_t j = 0; j < X.extent(1); ++j)
      {
        operation(to_vector(Kokkos::subview(X, Kokkos::ALL(), j)), y);
        from_vector(y, Kokkos::subview(Y, Kokkos::ALL(), j));
      }
  }



  template <typename VectorType>
  void
  CallbackResidual<VectorType>::apply_tangent(const Block &X, const Block &AX)
  {
    require_callback(apply_jacobian, "apply_jacobian");
    for_each_column(X, AX, apply_jacobian);
    if (row_weights.empty())
      return;
    const auto host = Kokkos::create_mirror_view(AX);
    Kokkos::deep_copy(host, AX);
    for (std::size_t j = 0; j < host.extent(1); ++j)
      for (std::size_t i = 0; i < row_weights.size(); ++i)
        host(i, j) *= row_weights[i];
    Kokkos::deep_copy(AX, host);
  }



  template <typename VectorType>
  void
  CallbackResidual<VectorType>::apply_transposed_tangent(const Block &,
                                                         const Block &)
  {
    AssertThrow(false,
                dealii::ExcMessage(
                  "CallbackResidual: the transpose of the Jacobian is not "
                  "available; use a subspace of the network's Jacobian."));
  }



  template <typename VectorType>
  bool
  CallbackResidual<VectorType>::euclidean() const
  {
    return !solve_with_riesz_matrix && !solve_with_jacobian;
  }



  template <typename VectorType>
  Block
  CallbackResidual<VectorType>::riesz(const Block &X, const Block &AX)
  {
    if (solve_with_jacobian)
      return X;
    require_callback(solve_with_riesz_matrix, "solve_with_riesz_matrix");
    const Block S = make_block(AX.extent(0), AX.extent(1));
    for_each_column(AX, S, solve_with_riesz_matrix);
    return S;
  }



  template <typename VectorType>
  double
  CallbackResidual<VectorType>::norm(const Column &f)
  {
    if (euclidean())
      return Residual::norm(f);
    auto solve = solve_with_riesz_matrix;
    if (solve_with_jacobian)
      solve = [this](const VectorType &x, VectorType &y) {
        solve_with_jacobian(x, y, 1e-10 * x.l2_norm());
      };
    const Column Kf = make_column(f.size());
    for_each_column(as_block(f), as_block(Kf), solve);
    const double square = communicator().sum(dot(f, Kf));
    AssertThrow(square >= -1e-8 * Residual::norm(f) * Residual::norm(Kf),
                dealii::ExcMessage(
                  "CallbackResidual: the dual norm of the residual is "
                  "imaginary; expected a positive definite matrix."));
    return std::sqrt(std::max(0., square));
  }



  template class CallbackResidual<dealii::Vector<double>>;
  template class CallbackResidual<
    dealii::LinearAlgebra::distributed::Vector<double>>;
  template class CallbackResidual<dealii::TrilinosWrappers::MPI::Vector>;
  template class CallbackResidual<dealii::BlockVector<double>>;
  template class CallbackResidual<
    dealii::LinearAlgebra::distributed::BlockVector<double>>;
  template class CallbackResidual<dealii::TrilinosWrappers::MPI::BlockVector>;
} // namespace lsr
