// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/assembler.h>

#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/fe_values.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <sstream>

#include "fe/quadrature.h"
#include "fe/space_time_test_element.h"

namespace lsr
{
  namespace
  {
    /// Trial and test functions on a cell and on a face, one quadrature formula
    /// for each.
    template <int dim>
    struct Scratch
    {
      explicit Scratch(const Discretization<dim> &discretization)
        : cell_values(discretization.mapping(),
                      discretization.finite_element(),
                      gauss_quadrature<dim>(kind(discretization),
                                            discretization.degree() + 2),
                      dealii::update_values | dealii::update_gradients |
                        dealii::update_quadrature_points |
                        dealii::update_JxW_values)
        , face_values(discretization.mapping(),
                      discretization.finite_element(),
                      gauss_face_quadrature<dim>(kind(discretization),
                                                 discretization.degree() + 2),
                      dealii::update_values | dealii::update_quadrature_points |
                        dealii::update_normal_vectors |
                        dealii::update_JxW_values)
      {
        const unsigned int n_dofs =
          discretization.finite_element().n_dofs_per_cell();
        trial_functions.resize(n_dofs);
        std::iota(trial_functions.begin(), trial_functions.end(), 0);
        if (!discretization.petrov_galerkin_in_time())
          return;

        const SpaceTimeTestElement<dim> base(discretization.degree());
        test_element = std::make_unique<dealii::FESystem<dim>>(
          base, discretization.n_components());
        test_cell_values =
          std::make_unique<dealii::FEValues<dim>>(discretization.mapping(),
                                                  *test_element,
                                                  cell_values.get_quadrature(),
                                                  dealii::update_values |
                                                    dealii::update_gradients);
        test_face_values = std::make_unique<dealii::FEFaceValues<dim>>(
          discretization.mapping(),
          *test_element,
          face_values.get_quadrature(),
          dealii::update_values);

        const std::vector<unsigned int> of_nodes =
          base.test_functions_of_nodes();
        for (unsigned int i = 0; i < n_dofs; ++i)
          {
            const auto [component, node] =
              discretization.finite_element().system_to_component_index(i);
            const unsigned int function = of_nodes[node];
            test_functions.push_back(
              function == dealii::numbers::invalid_unsigned_int ?
                function :
                test_element->component_to_system_index(component, function));
          }
      }

      static dealii::ReferenceCell
      kind(const Discretization<dim> &discretization)
      {
        return discretization.finite_element().reference_cell();
      }

      dealii::FEValues<dim>     cell_values;
      dealii::FEFaceValues<dim> face_values;

      /// Where the test functions are not the trial functions, otherwise null.
      std::unique_ptr<dealii::FESystem<dim>>     test_element;
      std::unique_ptr<dealii::FEValues<dim>>     test_cell_values;
      std::unique_ptr<dealii::FEFaceValues<dim>> test_face_values;

      /// The shape functions that belong to the degrees of freedom of a cell.
      std::vector<unsigned int> trial_functions, test_functions;

      /// Jets of all trial functions at all quadrature points.
      dealii::FullMatrix<double> B;

      /// Jets of all test functions, if they are others.
      dealii::FullMatrix<double> test_B;

      /// The Jacobian times B.
      dealii::FullMatrix<double> DB;
    };


    /// A cell for shape functions of another element than that of its degrees
    /// of freedom.
    template <int dim>
    typename dealii::Triangulation<dim>::cell_iterator
    without_element(
      const typename dealii::DoFHandler<dim>::active_cell_iterator &cell)
    {
      return cell;
    }



    /**
     * Make @p B the matrix that maps nodal values of a cell to jets (or, if
     * there are no @p gradients, to values): row q * size + i is entry i of the
     * jet at point q. Column j is the shape function @p functions[j], or zero
     * if there is none; the last coordinates have no derivatives if
     * @p n_gradients is less than dim.
     */
    template <int dim>
    void
    fill_jets(const dealii::FEValuesBase<dim> &values,
              const std::vector<unsigned int> &functions,
              const bool                       gradients,
              const unsigned int               n_gradients,
              const unsigned int               size,
              dealii::FullMatrix<double>      &B)
    {
      const auto        &element       = values.get_fe();
      const unsigned int n_points      = values.n_quadrature_points;
      const unsigned int per_component = gradients ? 1 + dim : 1;

      B.reinit(n_points * size, functions.size());
      for (unsigned int j = 0; j < functions.size(); ++j)
        {
          const unsigned int function = functions[j];
          if (function == dealii::numbers::invalid_unsigned_int)
            continue;
          const unsigned int first =
            element.system_to_component_index(function).first * per_component;
          for (unsigned int q = 0; q < n_points; ++q)
            {
              const unsigned int row = q * size + first;
              B(row, j)              = values.shape_value(function, q);
              if (gradients)
                {
                  const auto &gradient = values.shape_grad(function, q);
                  for (unsigned int d = 0; d < n_gradients; ++d)
                    B(row + 1 + d, j) = gradient[d];
                }
            }
        }
    }


    /// Keep what is symmetric and positive of a Jacobian; see gram_matrix().
    void
    keep_gram_part(dealii::FullMatrix<double> &D, const unsigned int stride)
    {
      const dealii::FullMatrix<double> full = D;
      for (unsigned int i = 0; i < D.m(); ++i)
        for (unsigned int j = 0; j < D.n(); ++j)
          {
            const bool both_gradients = i % stride != 0 && j % stride != 0;
            if (both_gradients)
              D(i, j) = 0.5 * (full(i, j) + full(j, i));
            else
              D(i, j) = i == j ? std::max(0., full(i, i)) : 0.;
          }
    }


    /// Let the others have what gradients they have alone, and a multiplier,
    /// the last component, its values, with the mean of their coefficients.
    void
    measure_multiplier(dealii::FullMatrix<double> &D, const unsigned int stride)
    {
      const unsigned int multiplier = D.m() - stride;
      double             trace      = 0.;
      for (unsigned int i = 0; i < multiplier; ++i)
        if (i % stride == 0)
          D(i, i) = 0.;
        else
          trace += D(i, i);
      for (unsigned int i = multiplier; i < D.m(); ++i)
        for (unsigned int j = 0; j < D.n(); ++j)
          D(i, j) = D(j, i) = 0.;
      D(multiplier, multiplier) = trace / (multiplier - multiplier / stride);
    }


    /// Compute rows [q * size, (q + 1) * size) of DB as weight * D * B.
    void
    multiply_at_point(const dealii::FullMatrix<double> &D,
                      const dealii::FullMatrix<double> &B,
                      const unsigned int                q,
                      const double                      weight,
                      dealii::FullMatrix<double>       &DB)
    {
      const unsigned int size = D.m();
      for (unsigned int i = 0; i < size; ++i)
        for (unsigned int j = 0; j < size; ++j)
          if (const double factor = weight * D(i, j); factor != 0.)
            {
              const double *source = &B(q * size + j, 0);
              double       *target = &DB(q * size + i, 0);
              for (unsigned int k = 0; k < B.n(); ++k)
                target[k] += factor * source[k];
            }
    }


    /**
     * Sum over quadrature points, with trial functions @p B and test functions
     * @p test_B. @p flux and @p jacobian evaluate the weak form at a point;
     * exactly one of @p vector and @p matrix is computed.
     */
    template <int dim, typename Flux, typename JacobianFunction>
    void
    integrate(const dealii::FEValuesBase<dim>  &values,
              const dealii::Vector<double>     &u,
              const unsigned int                size,
              const dealii::FullMatrix<double> &B,
              const dealii::FullMatrix<double> &test_B,
              dealii::FullMatrix<double>       &DB,
              const Flux                       &flux,
              const JacobianFunction           &jacobian,
              dealii::Vector<double>           *vector,
              dealii::FullMatrix<double>       *matrix)
    {
      dealii::Vector<double> jets(B.m());
      B.vmult(jets, u);
      const auto jet = [&](const unsigned int q) {
        return dealii::ArrayView<const double>(jets.begin() + q * size, size);
      };

      if (vector != nullptr)
        {
          dealii::Vector<double> fluxes(B.m());
          for (unsigned int q = 0; q < values.n_quadrature_points; ++q)
            {
              const dealii::ArrayView<double> target(fluxes.begin() + q * size,
                                                     size);
              flux(q, jet(q), target);
              for (double &entry : target)
                entry *= values.JxW(q);
            }
          test_B.Tvmult_add(*vector, fluxes);
        }
      else
        {
          dealii::FullMatrix<double> D(size, size);
          DB.reinit(B.m(), B.n());
          for (unsigned int q = 0; q < values.n_quadrature_points; ++q)
            {
              jacobian(q, jet(q), D);
              multiply_at_point(D, B, q, values.JxW(q), DB);
            }
          test_B.Tmmult(*matrix, DB, true);
        }
    }


    /**
     * The integrals $\int v_i$ over a cell. Those of quadratic simplices are
     * zero or negative at vertices: there the cell's measure is distributed in
     * proportion to $\int v_i^2$ instead (Hinton, Rock, Zienkiewicz, 1976).
     */
    template <int dim>
    std::vector<double>
    positive_masses(const dealii::FEValuesBase<dim> &values,
                    const dealii::FEValuesBase<dim> &trial_values,
                    const std::vector<unsigned int> &functions)
    {
      const auto &element = values.get_fe();
      const bool  squares =
        !element.reference_cell().is_hyper_cube() && element.degree > 1;
      std::vector<double> masses(functions.size());
      std::vector<double> sums(element.n_components());
      double              measure = 0.;
      for (unsigned int q = 0; q < values.n_quadrature_points; ++q)
        measure += trial_values.JxW(q);
      for (unsigned int i = 0; i < functions.size(); ++i)
        if (functions[i] != dealii::numbers::invalid_unsigned_int)
          {
            for (unsigned int q = 0; q < values.n_quadrature_points; ++q)
              {
                const double v = values.shape_value(functions[i], q);
                masses[i] += (squares ? v * v : v) * trial_values.JxW(q);
              }
            sums[element.system_to_component_index(functions[i]).first] +=
              masses[i];
          }
      for (unsigned int i = 0; squares && i < functions.size(); ++i)
        masses[i] *=
          measure / sums[element.system_to_component_index(functions[i]).first];
      return masses;
    }


    /// A weak form that calls itself positive definite has no negative entry
    /// on the diagonal of its Jacobian at any point.
    template <int dim>
    void
    require_positive_diagonal(const dealii::FullMatrix<double> &D,
                              const dealii::Point<dim>         &x)
    {
      for (unsigned int i = 0; i < D.m(); ++i)
        if (D(i, i) < 0.)
          {
            std::ostringstream message;
            message << "The equation is not elliptic at the point (" << x
                    << "): the coefficient of the "
                    << (i % (1 + dim) == 0 ? std::string("values") :
                                             "derivatives by coordinate " +
                                               std::to_string(i % (1 + dim)))
                    << " of component " << i / (1 + dim) << " is " << D(i, i)
                    << " there, expected no negative one (diffusion and "
                       "reaction).";
            AssertThrow(false, dealii::ExcMessage(message.str()));
          }
    }


    /// Norms are sums of squares, which have to be normal numbers.
    void
    require_representable_squares(const double largest_row_sum)
    {
      std::ostringstream found;
      found << largest_row_sum;
      AssertThrow(largest_row_sum == 0. ||
                    (largest_row_sum > 1e-140 && largest_row_sum < 1e140),
                  dealii::ExcMessage(
                    "The largest sum of a row of the Jacobian is " +
                    found.str() +
                    ", expected a number between 1e-140 and 1e140, whose "
                    "square can be computed: scale the equation."));
    }
  } // namespace


  template <int dim>
  Assembler<dim>::Assembler(const WeakForm<dim>       &weak_form,
                            const Discretization<dim> &discretization,
                            const bool                 strong_dirichlet)
    : weak_form_(weak_form)
    , discretization_(discretization)
    , strong_dirichlet(strong_dirichlet)
  {
    AssertThrow(weak_form.n_components() == discretization.n_components(),
                dealii::ExcMessage(
                  "The equation has " +
                  std::to_string(weak_form.n_components()) +
                  " components, the finite-element space " +
                  std::to_string(discretization.n_components()) + "."));
    AssertThrow(
      !weak_form.has_multiplier() || discretization.has_multiplier(),
      dealii::ExcMessage(
        "The last component of the equation is a Lagrange multiplier, "
        "expected a finite-element space that knows this."));
    reinit();
  }


  template <int dim>
  void
  Assembler<dim>::reinit()
  {
    const auto &space = discretization_;
    sparsity_pattern.reinit(space.locally_owned_dofs(),
                            space.locally_owned_dofs(),
                            space.locally_relevant_dofs(),
                            space.communicator());
    dealii::DoFTools::make_sparsity_pattern(
      space.dof_handler(),
      sparsity_pattern,
      constraints(),
      false,
      space.triangulation().locally_owned_subdomain());
    sparsity_pattern.compress();
  }


  template <int dim>
  void
  Assembler<dim>::residual(const FEVector &u, FEVector &f) const
  {
    f = discretization_.make_vector();
    assemble(u, Part::residual, &f, nullptr);
    f.compress(dealii::VectorOperation::add);
    f.zero_out_ghost_values();
  }


  template <int dim>
  void
  Assembler<dim>::jacobian(const FEVector &u, SparseMatrix &A) const
  {
    A.reinit(sparsity_pattern);
    assemble(u, Part::jacobian, nullptr, &A);
    A.compress(dealii::VectorOperation::add);
    require_representable_squares(A.linfty_norm());
  }


  template <int dim>
  void
  Assembler<dim>::gram_matrix(const FEVector &u, SparseMatrix &K) const
  {
    AssertThrow(!discretization_.petrov_galerkin_in_time(),
                dealii::ExcMessage(
                  "The Jacobian of a Petrov-Galerkin method has no symmetric "
                  "part that defines a dual norm; choose the norm sobolev."));
    K.reinit(sparsity_pattern);
    assemble(u, Part::gram, nullptr, &K);
    K.compress(dealii::VectorOperation::add);
  }


  template <int dim>
  void
  Assembler<dim>::sobolev_matrix(const double c, SparseMatrix &K) const
  {
    K.reinit(sparsity_pattern);
    assemble(discretization_.make_vector(), Part::sobolev, nullptr, &K, c);
    K.compress(dealii::VectorOperation::add);
  }


  template <int dim>
  void
  Assembler<dim>::assemble(const FEVector &u,
                           const Part      part,
                           FEVector       *f,
                           SparseMatrix   *A,
                           const double    c) const
  {
    const FEVector conforming =
      discretization_.make_conforming(u, constraints());
    const unsigned int n_dofs =
      discretization_.finite_element().n_dofs_per_cell();
    const unsigned int n_components = weak_form_.n_components();
    const unsigned int jet_size     = weak_form_.jet_size();
    const unsigned int first_without_weight =
      jet_size - (discretization_.has_multiplier() ? 1 + dim : 0);
    const bool says_positive_definite =
      weak_form_.is_symmetric_positive_definite();

    Scratch<dim>                scratch(discretization_);
    dealii::Vector<double>      cell_u(n_dofs), cell_vector(n_dofs);
    dealii::FullMatrix<double>  cell_matrix(n_dofs, n_dofs);
    dealii::Vector<double>     *vector = f != nullptr ? &cell_vector : nullptr;
    dealii::FullMatrix<double> *matrix = A != nullptr ? &cell_matrix : nullptr;
    std::vector<dealii::types::global_dof_index> dofs(n_dofs);

    const bool         own_tests   = scratch.test_element != nullptr;
    const unsigned int n_gradients = own_tests ? dim - 1 : dim;
    const auto        &test_B      = own_tests ? scratch.test_B : scratch.B;
    const auto        &trial_B     = part == Part::sobolev ? test_B : scratch.B;

    const auto add_cell = [&](const auto &cell) {
      auto &values = scratch.cell_values;
      values.reinit(cell);
      fill_jets(
        values, scratch.trial_functions, true, dim, jet_size, scratch.B);
      if (own_tests)
        {
          scratch.test_cell_values->reinit(without_element<dim>(cell));
          fill_jets(*scratch.test_cell_values,
                    scratch.test_functions,
                    true,
                    n_gradients,
                    jet_size,
                    scratch.test_B);
        }
      integrate(
        values,
        cell_u,
        jet_size,
        trial_B,
        test_B,
        scratch.DB,
        [&](const unsigned int q, const auto &jet, const auto &flux) {
          weak_form_.evaluate(values.quadrature_point(q), jet, flux);
        },
        [&](const unsigned int q, const auto &jet, auto &D) {
          if (part == Part::sobolev)
            {
              D = 0.;
              for (unsigned int i = 0; i < jet_size; ++i)
                D(i, i) = i % (1 + dim) == 0       ? 1. :
                          i < first_without_weight ? c :
                                                     0.;
              return;
            }
          weak_form_.jacobian(values.quadrature_point(q), jet, D);
          if (says_positive_definite)
            require_positive_diagonal(D, values.quadrature_point(q));
          if (part == Part::gram)
            keep_gram_part(D, 1 + dim);
          if (part == Part::gram && weak_form_.has_multiplier())
            measure_multiplier(D, 1 + dim);
        },
        vector,
        matrix);
    };

    const auto add_face = [&](const auto &cell, const unsigned int face) {
      const auto id     = cell->face(face)->boundary_id();
      auto      &values = scratch.face_values;
      values.reinit(cell, face);
      fill_jets(
        values, scratch.trial_functions, false, 0, n_components, scratch.B);
      if (own_tests)
        {
          scratch.test_face_values->reinit(without_element<dim>(cell), face);
          fill_jets(*scratch.test_face_values,
                    scratch.test_functions,
                    false,
                    0,
                    n_components,
                    scratch.test_B);
        }
      integrate(
        values,
        cell_u,
        n_components,
        scratch.B,
        test_B,
        scratch.DB,
        [&](const unsigned int q, const auto &u_q, const auto &g) {
          weak_form_.evaluate_boundary(
            id, values.quadrature_point(q), values.normal_vector(q), u_q, g);
        },
        [&](const unsigned int q, const auto &u_q, auto &D) {
          weak_form_.boundary_jacobian(
            id, values.quadrature_point(q), values.normal_vector(q), u_q, D);
          if (part == Part::gram)
            keep_gram_part(D, 1);
        },
        vector,
        matrix);
    };

    for (const auto &cell :
         discretization_.dof_handler().active_cell_iterators())
      if (cell->is_locally_owned())
        {
          cell_vector = 0.;
          cell_matrix = 0.;
          cell->get_dof_indices(dofs);
          cell->get_dof_values(conforming, cell_u);

          add_cell(cell);
          for (const unsigned int face : cell->face_indices())
            if (part != Part::sobolev && cell->face(face)->at_boundary() &&
                weak_form_.has_boundary_term(cell->face(face)->boundary_id()))
              add_face(cell, face);

          if (f != nullptr)
            constraints().distribute_local_to_global(cell_vector, dofs, *f);
          else
            constraints().distribute_local_to_global(cell_matrix, dofs, *A);
        }
  }


  template <int dim>
  FEVector
  Assembler<dim>::lumped_mass() const
  {
    Scratch<dim> scratch(discretization_);
    const bool   own_tests = scratch.test_element != nullptr;
    const auto  &functions =
      own_tests ? scratch.test_functions : scratch.trial_functions;

    std::vector<dealii::types::global_dof_index> dofs(functions.size());
    FEVector mass = discretization_.make_vector();
    for (const auto &cell :
         discretization_.dof_handler().active_cell_iterators())
      if (cell->is_locally_owned())
        {
          scratch.cell_values.reinit(cell);
          if (own_tests)
            scratch.test_cell_values->reinit(without_element<dim>(cell));
          const auto &values =
            own_tests ? *scratch.test_cell_values : scratch.cell_values;
          cell->get_dof_indices(dofs);
          const std::vector<double> of_cell =
            positive_masses(values, scratch.cell_values, functions);
          for (unsigned int i = 0; i < dofs.size(); ++i)
            mass(dofs[i]) += of_cell[i];
        }
    mass.compress(dealii::VectorOperation::add);

    // Entries of constrained nodes go to those that determine them.
    FEVector condensed = discretization_.make_vector();
    for (const auto dof : discretization_.locally_owned_dofs())
      if (!constraints().is_constrained(dof))
        condensed(dof) += mass(dof);
      else if (const auto *entries = constraints().get_constraint_entries(dof))
        for (const auto &[master, weight] : *entries)
          condensed(master) += weight * weight * mass(dof);
    condensed.compress(dealii::VectorOperation::add);
    for (const auto dof : discretization_.locally_owned_dofs())
      if (constraints().is_constrained(dof))
        condensed(dof) = 1.;
    return condensed;
  }


  template class Assembler<1>;
  template class Assembler<2>;
  template class Assembler<3>;
} // namespace lsr
