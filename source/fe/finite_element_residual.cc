// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/linear_solver.h>
#include <lsr/refine/linear_case.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/to_view.h"
#include "dense/by_rows.h"
#include "fe/block_product.h"
#include "fe/sparse_view.h"

namespace lsr
{
  using internal::add_rows;
  using internal::set_rows_to_zero;
  using internal::to_view;

  namespace
  {
    bool
    has_diagonal_gram_matrix(const ResidualNorm norm)
    {
      return norm == ResidualNorm::l2 || norm == ResidualNorm::mass;
    }
  } // namespace



  std::string
  to_string(const ResidualNorm norm)
  {
    switch (norm)
      {
        case ResidualNorm::l2:
          return "l2";
        case ResidualNorm::mass:
          return "mass";
        case ResidualNorm::dual:
          return "dual";
        default:
          return "sobolev";
      }
  }



  ResidualNorm
  residual_norm(const std::string &name)
  {
    for (const ResidualNorm norm : {ResidualNorm::l2,
                                    ResidualNorm::mass,
                                    ResidualNorm::dual,
                                    ResidualNorm::sobolev})
      if (to_string(norm) == name)
        return norm;
    AssertThrow(false,
                dealii::ExcMessage("There is no residual norm '" + name +
                                   "', expected l2, mass, dual or sobolev."));
    return ResidualNorm::l2;
  }



  template <int dim>
  class FiniteElementResidual<dim>::Dual : public InnerProduct
  {
  public:
    explicit Dual(const FiniteElementResidual &residual)
      : InnerProduct(residual.communicator())
      , residual(residual)
    {}

    /// The matrix to be assembled, unless it is that of the residual.
    dealii::TrilinosWrappers::SparseMatrix K;

    /// Take K, or the Jacobian if @p is_jacobian, as Gram matrix.
    void
    factorize(const bool is_jacobian)
    {
      gram_is_jacobian = is_jacobian;
      solver =
        std::make_unique<LinearSolver>(is_jacobian ? residual.A : K,
                                       residual.assembler.discretization(),
                                       LinearSolver::Method::direct);
    }

    bool
    is_factorized() const
    {
      return solver != nullptr;
    }

    bool
    diagonal() const override
    {
      return false;
    }

    Block
    solve(const Block &F) override
    {
      AssertThrow(solver,
                  dealii::ExcMessage("The dual norm of a residual is defined by "
                                     "its Jacobian: call linearize() first."));
      const Block S = make_block(F.extent(0), F.extent(1));
      solver->solve(S, F);
      return S;
    }

    bool
    gram_is_jacobian_of(const Residual &other) const override
    {
      return gram_is_jacobian && &other == &residual;
    }

  private:
    const FiniteElementResidual  &residual;
    bool                          gram_is_jacobian = false;
    std::unique_ptr<LinearSolver> solver;
  };



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
    AssertThrow(has_diagonal_gram_matrix(norm) ||
                  communicator().sum(dirichlet_rows.size()) == 0,
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
        dual = std::make_shared<Dual>(*this);
        assembler.sobolev_matrix(sobolev_weight, dual->K);
        dual->factorize(false);
      }
    if (norm == ResidualNorm::dual)
      dual = std::make_shared<Dual>(*this);
    if (dual)
      set_inner_product(dual);

    if (norm == ResidualNorm::mass)
      {
        const HostColumn factors = lumped_mass();
        for (std::size_t i = 0; i < factors.size(); ++i)
          factors(i) = 1. / std::sqrt(factors(i));
        // These rows have the weight that the user gives, and no other.
        for (const auto &[row, value] : dirichlet_rows)
          factors(row) = 1.;
        set_inner_product(
          std::make_shared<DiagonalInnerProduct>(to_memory_space(factors),
                                                 this->communicator()));
      }

    std::vector<std::size_t> dirichlet;
    for (const auto &[row, value] : dirichlet_rows)
      dirichlet.push_back(row);
    views.constrained = to_view<Indices>(constrained);
    views.dirichlet   = to_view<Indices>(dirichlet);
  }



  template <int dim>
  FiniteElementResidual<dim>::~FiniteElementResidual() = default;



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
  FiniteElementResidual<dim>::set_zero(const Block &columns) const
  {
    set_rows_to_zero(views.constrained, columns);
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::distribute(const Column &q) const
  {
    Kokkos::deep_copy(q, values(field(q)));
  }



  template <int dim>
  HostColumn
  FiniteElementResidual<dim>::lumped_mass() const
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
      diagonal(row) = mean;
    return diagonal;
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::apply_mass(const Block &X, const Block &MX)
  {
    if (!mass)
      {
        const HostColumn diagonal = lumped_mass();
        for (const auto &[row, value] : dirichlet_rows)
          diagonal(row) = 0.;
        mass = to_memory_space(diagonal);
      }
    internal::scale_rows(*mass, X, MX);
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
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::update_jacobian(const Column &q)
  {
    // The Jacobian of a linear problem stays, and with it all that linearize()
    // made of it.
    if (assembler.weak_form().is_linear() && product)
      return;
    product.reset();
    assembler.jacobian(field(q), A);
    product = std::make_unique<const BlockProduct>(A);
  }



  template <int dim>
  const BlockProduct &
  FiniteElementResidual<dim>::jacobian() const
  {
    AssertThrow(product,
                dealii::ExcMessage("The Jacobian of a residual is that of its "
                                   "linearization: call linearize() first."));
    return *product;
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::linearize(const Column &q)
  {
    update_jacobian(q);
    if (kind != ResidualNorm::dual || dual->is_factorized())
      return;
    if (!jacobian_is_gram_matrix())
      assembler.gram_matrix(field(q), dual->K);
    dual->factorize(jacobian_is_gram_matrix());
  }



  template <int dim>
  bool
  FiniteElementResidual<dim>::jacobian_is_gram_matrix() const
  {
    const WeakForm<dim> &form = assembler.weak_form();
    return form.is_linear() && form.is_symmetric_positive_definite() &&
           !assembler.discretization().petrov_galerkin_in_time();
  }



  template <int dim>
  std::uint64_t
  FiniteElementResidual<dim>::jacobian_version() const
  {
    AssertThrow(product,
                dealii::ExcMessage("The Jacobian of a residual is that of its "
                                   "linearization: call linearize() first."));
    std::uint64_t hash = n_rows();
    const auto    add  = [&](const double x) {
      std::uint64_t bits;
      std::memcpy(&bits, &x, sizeof(bits));
      // The finalizer of SplitMix64.
      hash = (hash ^ bits) + 0x9e3779b97f4a7c15;
      hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
      hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
      hash ^= hash >> 31;
    };
    for (const double value : internal::locally_owned_rows(A).values)
      add(value);
    for (const std::size_t row : constrained)
      add(row);
    for (const auto &[row, value] : dirichlet_rows)
      add(row);
    add(dirichlet_row_weight);
    return hash;
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::apply_jacobian(const Block &X, const Block &AX)
  {
    jacobian().multiply(X, AX);
    set_zero(AX);
    set_rows_to_zero(views.dirichlet, AX);
    add_rows(views.dirichlet, dirichlet_row_weight, X, AX);
  }



  template <int dim>
  void
  FiniteElementResidual<dim>::apply_transposed_jacobian(const Block &X,
                                                        const Block &ATX)
  {
    // Weak Dirichlet rows act after the others, which do not see them.
    const Block rest = make_block(X.extent(0), X.extent(1));
    Kokkos::deep_copy(rest, X);
    set_zero(rest);
    set_rows_to_zero(views.dirichlet, rest);
    jacobian().multiply(rest, ATX, /* transpose = */ true);
    set_zero(ATX);
    add_rows(views.dirichlet, dirichlet_row_weight, X, ATX);
  }



  template <int dim>
  CompressedRows
  FiniteElementResidual<dim>::jacobian_rows() const
  {
    std::vector<bool> is_constrained(n_values(), false);
    for (const std::size_t i : constrained)
      is_constrained[i] = true;
    std::vector<bool> is_dirichlet(n_values(), false);
    for (const auto &[i, value] : dirichlet_rows)
      is_dirichlet[i] = true;

    const Column factors = make_column(n_rows());
    Kokkos::deep_copy(factors, 1.);
    if (inner_product().diagonal())
      inner_product().scale(as_block(factors));
    const HostColumn row_scaling = to_host(factors);

    CompressedRows rows;
    rows.n_columns = n_values();
    for (std::size_t i = 0; i < n_rows(); ++i)
      {
        const double scale = row_scaling(i);
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
    const bool diagonal = inner_product().diagonal();
    AssertThrow(diagonal ||
                  (kind == ResidualNorm::dual && jacobian_is_gram_matrix()),
                dealii::ExcMessage(
                  "The " + to_string(kind) +
                  " norm of this residual needs a matrix besides the Jacobian, "
                  "expected l2 or mass, or dual for a linear equation that is "
                  "symmetric positive definite."));

    const auto to_vector = [](const Column &column) {
      const HostColumn host = to_host(column);
      return std::vector<double>(host.data(), host.data() + host.size());
    };
    const Column f = make_column(n_rows());
    update_jacobian(q);
    evaluate(q, f);
    if (diagonal)
      inner_product().scale(as_block(f));
    Linearization result;
    result.values      = to_vector(values(field(q)));
    result.residual    = to_vector(f);
    result.jacobian    = jacobian_rows();
    result.constrained = constrained;
    result.norm        = diagonal ? Linearization::Norm::euclidean :
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
