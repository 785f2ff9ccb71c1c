// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/refine/linearized_residual.h>

#include <algorithm>
#include <cmath>

#include "base/to_view.h"
#include "dense/by_rows.h"

namespace lsr
{
  using internal::add_rows;
  using internal::set_rows_to_zero;
  using internal::to_view;



  template <int dim>
  FiniteElementResidual<dim>::FiniteElementResidual(
    const Assembler<dim> &assembler,
    const ResidualNorm    norm,
    const double          dirichlet_row_weight,
    const double          sobolev_weight)
    : Residual(assembler.discretization().locally_owned_dofs().n_elements(),
               assembler.discretization().locally_owned_dofs().n_elements(),
               assembler.discretization().communicator())
    , assembler(assembler)
    , kind(norm)
    , dirichlet_row_weight(dirichlet_row_weight)
  {
    const Discretization<dim> &discretization = assembler.discretization();
    const dealii::IndexSet    &owned = discretization.locally_owned_dofs();

    for (const auto dof : owned)
      if (assembler.constraints().is_constrained(dof))
        constrained.push_back(owned.index_within_set(dof));
    for (const auto &[dof, value] : discretization.dirichlet_values())
      if (!assembler.constraints().is_constrained(dof))
        dirichlet_rows.emplace_back(owned.index_within_set(dof), value);
    AssertThrow(euclidean() || communicator().sum(dirichlet_rows.size()) == 0,
                dealii::ExcMessage(
                  "The " + to_string(norm) +
                  " norm of a residual needs strong Dirichlet conditions, "
                  "found weighted rows; choose l2 or mass."));
    if (norm == ResidualNorm::sobolev)
      {
        AssertThrow(sobolev_weight > 0.,
                    dealii::ExcMessage("The weight of gradients in the sobolev "
                                       "norm is " +
                                       std::to_string(sobolev_weight) +
                                       ", expected a positive number."));
        assembler.sobolev_matrix(sobolev_weight, K);
        set_up_riesz_solver(K);
      }

    if (norm == ResidualNorm::mass)
      {
        const FEVector mass = assembler.lumped_mass();
        row_scaling.resize(owned.n_elements());
        for (std::size_t i = 0; i < row_scaling.size(); ++i)
          row_scaling[i] = 1. / std::sqrt(mass.local_element(i));
        // The weight of these rows is the user's alone.
        for (const auto &[row, value] : dirichlet_rows)
          row_scaling[row] = 1.;
      }

    std::vector<std::size_t> dirichlet;
    for (const auto &[row, value] : dirichlet_rows)
      dirichlet.push_back(row);
    views.constrained = to_view<Indices>(constrained);
    views.dirichlet   = to_view<Indices>(dirichlet);
    views.row_scaling = to_view<Column>(row_scaling);
  }



  template <int dim>
  FEVector
  FiniteElementResidual<dim>::field(const Column &q) const
  {
    const auto host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), q);
    FEVector u = assembler.discretization().make_vector();
    std::copy_n(host.data(), host.size(), u.begin());
    return assembler.discretization().make_conforming(u,
                                                      assembler.constraints());
  }



  template <int dim>
  Column
  FiniteElementResidual<dim>::values(const FEVector &u) const
  {
    const Column column = make_column(n_values());
    const auto   host   = Kokkos::create_mirror_view(column);
    std::copy_n(u.begin(), host.size(), host.data());
    Kokkos::deep_copy(column, host);
    return column;
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::constrain(const Block &columns) const
  {
    set_rows_to_zero(views.constrained, columns);
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::conform(const Column &q) const
  {
    Kokkos::deep_copy(q, values(field(q)));
  }



  template <int dim>
  HostColumn
  FiniteElementResidual<dim>::make_mass() const
  {
    const FEVector    lumped = assembler.lumped_mass();
    std::vector<bool> free(lumped.locally_owned_size(), true);
    for (const std::size_t row : constrained)
      free[row] = false;
    double volume = 0, n_free = 0;
    for (std::size_t i = 0; i < free.size(); ++i)
      if (free[i])
        {
          volume += lumped.local_element(i);
          ++n_free;
        }
    const double mean =
      communicator().sum(volume) /
      std::max(1., communicator().sum(n_free)); // no free rows at all

    const HostColumn diagonal = to_host(values(lumped));
    for (const std::size_t row : constrained)
      diagonal(row) = row_scaling.empty() ? mean : std::sqrt(mean);
    for (std::size_t i = 0; i < row_scaling.size(); ++i)
      diagonal(i) *= row_scaling[i];
    for (const auto &[row, value] : dirichlet_rows)
      diagonal(row) = 0.;
    return diagonal;
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::apply_mass(const Block &X, const Block &MX)
  {
    if (!mass)
      mass = to_memory_space(make_mass());
    internal::scale_rows(*mass, X, MX);
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::scale_rows(const Block &rows) const
  {
    if (!row_scaling.empty())
      internal::scale_rows(views.row_scaling, rows, rows);
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::evaluate(const Column &q, const Column &f)
  {
    const FEVector u        = field(q);
    FEVector       residual = assembler.discretization().make_vector();
    assembler.residual(u, residual);
    for (const auto &[row, value] : dirichlet_rows)
      residual.local_element(row) =
        dirichlet_row_weight * (u.local_element(row) - value);
    Kokkos::deep_copy(f, values(residual));
    scale_rows(as_block(f));
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::update_tangent(const Column &q)
  {
    // The tangent of a linear problem stays, and with it what linearize() has
    // made of it.
    if (assembler.weak_form().is_linear() && product)
      return;
    product.reset();
    assembler.jacobian(field(q), A);
    product = std::make_unique<const BlockProduct>(A);
  }



  template <int dim>
  const BlockProduct &
  FiniteElementResidual<dim>::tangent() const
  {
    AssertThrow(product,
                dealii::ExcMessage("The tangent of a residual is that of its "
                                   "linearization: call linearize() first."));
    return *product;
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::linearize(const Column &q)
  {
    update_tangent(q);
    if (kind != ResidualNorm::dual || riesz_solver)
      return;
    if (!tangent_is_riesz_matrix())
      assembler.riesz_matrix(field(q), K);
    set_up_riesz_solver(tangent_is_riesz_matrix() ? A : K);
  }



  template <int dim>
  bool
  FiniteElementResidual<dim>::tangent_is_riesz_matrix() const
  {
    const WeakForm<dim> &form = assembler.weak_form();
    return form.is_linear() && form.is_symmetric_positive_definite() &&
           !assembler.discretization().petrov_galerkin_in_time();
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::set_up_riesz_solver(
    const dealii::TrilinosWrappers::SparseMatrix &matrix)
  {
    riesz_solver = std::make_unique<LinearSolver>(matrix,
                                                  assembler.discretization(),
                                                  LinearSolver::Method::direct);
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::apply_tangent(const Block &X, const Block &AX)
  {
    tangent().multiply(X, AX);
    constrain(AX);
    set_rows_to_zero(views.dirichlet, AX);
    add_rows(views.dirichlet, dirichlet_row_weight, X, AX);
    scale_rows(AX);
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::apply_transposed_tangent(const Block &X,
                                                       const Block &ATX)
  {
    const Block scaled = make_block(X.extent(0), X.extent(1));
    Kokkos::deep_copy(scaled, X);
    scale_rows(scaled);
    // Weak Dirichlet rows act after the others, which do not see them.
    const Block rest = make_block(X.extent(0), X.extent(1));
    Kokkos::deep_copy(rest, scaled);
    constrain(rest);
    set_rows_to_zero(views.dirichlet, rest);
    tangent().multiply(rest, ATX, /* transpose = */ true);
    constrain(ATX);
    add_rows(views.dirichlet, dirichlet_row_weight, scaled, ATX);
  }



  template <int dim>
  bool
  FiniteElementResidual<dim>::euclidean() const
  {
    return kind == ResidualNorm::l2 || kind == ResidualNorm::mass;
  }



  template <int dim>
  Block
  FiniteElementResidual<dim>::riesz(const Block &X, const Block &AX)
  {
    if (K.m() == 0) // K is A
      return X;
    return solve_riesz(AX);
  }



  template <int dim>
  LinearSolver &
  FiniteElementResidual<dim>::dual_solver() const
  {
    AssertThrow(riesz_solver,
                dealii::ExcMessage("The dual norm of a residual is defined by "
                                   "its tangent: call linearize() first."));
    return *riesz_solver;
  }



  template <int dim>
  Block
  FiniteElementResidual<dim>::solve_riesz(const Block &F)
  {
    const Block S = make_block(F.extent(0), F.extent(1));
    dual_solver().solve(S, F);
    return S;
  }



  template <int dim>
  double
  FiniteElementResidual<dim>::norm(const Column &f)
  {
    if (euclidean())
      return Residual::norm(f);
    const Column Kf = make_column(f.size());
    dual_solver().solve(as_block(Kf), as_block(f));
    return std::sqrt(std::max(0., communicator().sum(dot(f, Kf))));
  }



  template <int dim>
  CompressedRows
  FiniteElementResidual<dim>::tangent_rows() const
  {
    std::vector<bool> is_constrained(n_values(), false);
    for (const std::size_t i : constrained)
      is_constrained[i] = true;
    std::vector<bool> is_dirichlet(n_values(), false);
    for (const auto &[i, value] : dirichlet_rows)
      is_dirichlet[i] = true;

    CompressedRows rows;
    rows.n_columns = n_values();
    for (std::size_t i = 0; i < n_rows(); ++i)
      {
        const double scale = row_scaling.empty() ? 1. : row_scaling[i];
        if (is_dirichlet[i])
          rows.add(i, dirichlet_row_weight * scale);
        else if (!is_constrained[i])
          // Iterators of another row are expensive.
          for (auto entry = A.begin(i), end = A.end(i); entry != end; ++entry)
            if (!is_constrained[entry->column()])
              rows.add(entry->column(), entry->value() * scale);
        rows.end_row();
      }
    return rows;
  }



  template <int dim>
  Linearization
  FiniteElementResidual<dim>::linearization(const Column &q)
  {
    AssertThrow(communicator().size() == 1,
                dealii::ExcMessage(
                  "A residual on " + std::to_string(communicator().size()) +
                  " processes cannot be linearized into one table, expected "
                  "one process."));
    AssertThrow(euclidean() ||
                  (kind == ResidualNorm::dual && tangent_is_riesz_matrix()),
                dealii::ExcMessage(
                  "The " + to_string(kind) +
                  " norm of this residual needs a matrix besides the tangent, "
                  "expected l2 or mass, or dual for a linear equation that is "
                  "symmetric positive definite."));

    const auto to_vector = [](const Column &column) {
      const HostColumn host = to_host(column);
      return std::vector<double>(host.data(), host.data() + host.size());
    };
    const Column f = make_column(n_rows());
    update_tangent(q);
    evaluate(q, f);
    Linearization result;
    result.values      = to_vector(values(field(q)));
    result.residual    = to_vector(f);
    result.tangent     = tangent_rows();
    result.constrained = constrained;
    result.norm        = euclidean() ? Linearization::Norm::euclidean :
                                       Linearization::Norm::energy;
    result.constraints.n_columns = n_values();
    for (const std::size_t i : constrained)
      {
        for (const auto &[j, weight] :
             *assembler.constraints().get_constraint_entries(i))
          result.constraints.add(j, weight);
        result.constraints.end_row();
        result.inhomogeneities.push_back(
          assembler.constraints().get_inhomogeneity(i));
      }
    return result;
  }



  template class FiniteElementResidual<1>;
  template class FiniteElementResidual<2>;
  template class FiniteElementResidual<3>;
} // namespace lsr
