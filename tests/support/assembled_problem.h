// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_assembled_problem_h
#define lsr_tests_support_assembled_problem_h

#include <deal.II/base/function.h>
#include <deal.II/base/quadrature_lib.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_interface_values.h>
#include <deal.II/fe/fe_values.h>
#include <deal.II/fe/mapping.h>
#include <deal.II/grid/tria.h>
#include <deal.II/lac/affine_constraints.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/full_matrix.h>
#include <deal.II/lac/sparse_direct.h>
#include <deal.II/lac/sparse_matrix.h>
#include <deal.II/lac/vector.h>
#include <deal.II/numerics/vector_tools.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lsr
{
  namespace test
  {
    /// Where a form is integrated: shape functions, a quadrature point, and the
    /// present solution there, component by component.
    template <int dim, int spacedim>
    struct QuadraturePoint
    {
      const dealii::FEValues<dim, spacedim>          &fe;
      const unsigned int                              q;
      const dealii::Vector<double>                   &u;
      const std::vector<dealii::Tensor<1, spacedim>> &grad_u;
      const double                                    diameter;

      const dealii::Point<spacedim> &
      x() const
      {
        return fe.quadrature_point(q);
      }
    };



    /// An equation $f(u) = 0$ in weak form: the residual for a test function,
    /// its derivative in the direction of a shape function, boundary values.
    template <int dim, int spacedim>
    struct WeakEquation
    {
      using Where = QuadraturePoint<dim, spacedim>;
      using Faces = dealii::FEInterfaceValues<dim, spacedim>;

      std::function<double(const Where &, unsigned int i)> residual;
      std::function<double(const Where &, unsigned int i, unsigned int j)>
        jacobian;
      std::function<double(const dealii::Point<spacedim> &, unsigned int c)>
                            boundary_values = nullptr;
      dealii::ComponentMask dirichlet       = {};

      /// For discontinuous elements, linear: terms of faces at quadrature point
      /// q, in the interior and at the boundary.
      std::function<
        double(const Faces &, unsigned int q, unsigned int i, unsigned int j)>
        faces = nullptr;
      /// The given side of the equation at the boundary.
      std::function<double(const Faces &, unsigned int q, unsigned int i)>
        boundary_load = nullptr;

      bool linear = true;
      /// A component that is determined up to a constant.
      unsigned int up_to_constant = dealii::numbers::invalid_unsigned_int;
    };



    /// A program that assembles an equation on a mesh of any kind with any
    /// element, and solves it with a direct solver.
    template <int dim, int spacedim = dim>
    class AssembledProblem
    {
    public:
      using Mesh = dealii::Triangulation<dim, spacedim>;

      AssembledProblem(
        const std::shared_ptr<Mesh>                           &mesh,
        const dealii::FiniteElement<dim, spacedim>            &fe,
        const std::shared_ptr<dealii::Mapping<dim, spacedim>> &mapping,
        const WeakEquation<dim, spacedim>                     &equation)
        : mesh(mesh)
        , mapping(mapping)
        , dof_handler(*mesh)
        , equation(equation)
        , quadrature(
            fe.reference_cell().template get_gauss_type_quadrature<dim>(
              fe.tensor_degree() + 2))
        , face_quadrature(fe.tensor_degree() + 2)
      {
        dof_handler.distribute_dofs(fe);
        make_constraints(constraints, 1.);
        make_constraints(homogeneous, 0.);
        dealii::DynamicSparsityPattern pattern(dof_handler.n_dofs());
        if (equation.faces)
          dealii::DoFTools::make_flux_sparsity_pattern(dof_handler, pattern);
        else
          dealii::DoFTools::make_sparsity_pattern(dof_handler,
                                                  pattern,
                                                  constraints,
                                                  true);
        sparsity.copy_from(pattern);
        matrix.reinit(sparsity);
        rhs.reinit(dof_handler.n_dofs());
        solution.reinit(dof_handler.n_dofs());
      }

      /// Solve by Newton's method.
      void
      solve()
      {
        constraints.distribute(solution);
        const unsigned int max_steps = equation.linear ? 1 : 50;
        assemble(solution);
        for (unsigned int step = 0; step < max_steps; ++step)
          {
            dealii::Vector<double> update(rhs.size());
            factorize();
            inverse.vmult(update, rhs);
            homogeneous.distribute(update);
            const double                 before = rhs.l2_norm();
            const dealii::Vector<double> start  = solution;
            for (double length = 1.; length > 1e-3; length /= 2.)
              {
                solution = start;
                solution.add(length, update);
                assemble(solution);
                if (equation.linear || rhs.l2_norm() < before)
                  break;
              }
            if (rhs.l2_norm() < 1e-11)
              break;
          }
        if (equation.linear)
          assemble_linear();
        factorize();
      }

      /// Let inverse be that of the matrix as it is.
      void
      factorize()
      {
        inverse.initialize(pinned_matrix());
      }

      /// Matrix and right hand side of the Newton step from u, with homogeneous
      /// constraints.
      void
      assemble(const dealii::Vector<double> &u)
      {
        assemble(u, homogeneous);
      }

      /// The L2 norm of the components of a base element.
      double
      norm(dealii::Vector<double> v, const dealii::ComponentMask &mask) const
      {
        const unsigned int n = dof_handler.get_fe().n_components();
        const unsigned int c = equation.up_to_constant;
        if (c < n && mask[c])
          {
            const double mean = dealii::VectorTools::compute_mean_value(
              *mapping, dof_handler, quadrature, v, c);
            const auto dofs = dealii::DoFTools::extract_dofs(
              dof_handler,
              dof_handler.get_fe().component_mask(
                dealii::FEValuesExtractors::Scalar(c)));
            for (const auto i : dofs)
              v(i) -= mean;
          }
        std::vector<double> weights(n);
        for (unsigned int k = 0; k < n; ++k)
          weights[k] = mask[k] ? 1. : 0.;
        const Weights          weight(weights);
        dealii::Vector<double> cells(mesh->n_active_cells());
        dealii::VectorTools::integrate_difference(
          *mapping,
          dof_handler,
          v,
          dealii::Functions::ZeroFunction<spacedim>(n),
          cells,
          quadrature,
          dealii::VectorTools::L2_norm,
          &weight);
        return cells.l2_norm();
      }

      const std::shared_ptr<Mesh>                           mesh;
      const std::shared_ptr<dealii::Mapping<dim, spacedim>> mapping;
      dealii::DoFHandler<dim, spacedim>                     dof_handler;
      const WeakEquation<dim, spacedim>                     equation;
      dealii::AffineConstraints<double>                     constraints;
      dealii::SparsityPattern                               sparsity;
      dealii::SparseMatrix<double>                          matrix;
      dealii::Vector<double>                                rhs, solution;
      dealii::SparseDirectUMFPACK                           inverse;

    private:
      class Weights : public dealii::Function<spacedim>
      {
      public:
        explicit Weights(const std::vector<double> &weights)
          : dealii::Function<spacedim>(weights.size())
          , weights(weights)
        {}

        double
        value(const dealii::Point<spacedim> &,
              const unsigned int c) const override
        {
          return weights[c];
        }

        void
        vector_value(const dealii::Point<spacedim> &,
                     dealii::Vector<double> &values) const override
        {
          std::copy(weights.begin(), weights.end(), values.begin());
        }

      private:
        const std::vector<double> weights;
      };

      class BoundaryValues : public dealii::Function<spacedim>
      {
      public:
        BoundaryValues(const WeakEquation<dim, spacedim> &equation,
                       const unsigned int                 n_components,
                       const double                       factor)
          : dealii::Function<spacedim>(n_components)
          , equation(equation)
          , factor(factor)
        {}

        double
        value(const dealii::Point<spacedim> &p,
              const unsigned int             c) const override
        {
          return factor * equation.boundary_values(p, c);
        }

      private:
        const WeakEquation<dim, spacedim> &equation;
        const double                       factor;
      };

      void
      make_constraints(dealii::AffineConstraints<double> &result,
                       const double                       factor) const
      {
        dealii::DoFTools::make_hanging_node_constraints(dof_handler, result);
        if (equation.boundary_values)
          dealii::VectorTools::interpolate_boundary_values(
            *mapping,
            dof_handler,
            0,
            BoundaryValues(equation,
                           dof_handler.get_fe().n_components(),
                           factor),
            result,
            equation.dirichlet);
        result.close();
      }

      void
      assemble_linear()
      {
        assemble(dealii::Vector<double>(dof_handler.n_dofs()), constraints);
      }

      void
      assemble(const dealii::Vector<double>            &u,
               const dealii::AffineConstraints<double> &constraints)
      {
        using namespace dealii;
        matrix                                           = 0.;
        rhs                                              = 0.;
        const auto                                   &fe = dof_handler.get_fe();
        const unsigned int                            n  = fe.n_dofs_per_cell();
        FEValues<dim, spacedim>                       fe_values(*mapping,
                                          fe,
                                          quadrature,
                                          update_values | update_gradients |
                                            update_quadrature_points |
                                            update_JxW_values);
        std::vector<Vector<double>>                   values(quadrature.size(),
                                           Vector<double>(fe.n_components()));
        std::vector<std::vector<Tensor<1, spacedim>>> gradients(
          quadrature.size(),
          std::vector<Tensor<1, spacedim>>(fe.n_components()));
        FullMatrix<double>                   cell_matrix(n, n);
        Vector<double>                       cell_rhs(n);
        std::vector<types::global_dof_index> dofs(n);
        for (const auto &cell : dof_handler.active_cell_iterators())
          {
            fe_values.reinit(cell);
            fe_values.get_function_values(u, values);
            fe_values.get_function_gradients(u, gradients);
            cell_matrix = 0.;
            cell_rhs    = 0.;
            for (unsigned int q = 0; q < quadrature.size(); ++q)
              {
                const QuadraturePoint<dim, spacedim> where{
                  fe_values, q, values[q], gradients[q], cell->diameter()};
                for (unsigned int i = 0; i < n; ++i)
                  {
                    cell_rhs(i) -=
                      equation.residual(where, i) * fe_values.JxW(q);
                    for (unsigned int j = 0; j < n; ++j)
                      cell_matrix(i, j) +=
                        equation.jacobian(where, i, j) * fe_values.JxW(q);
                  }
              }
            cell->get_dof_indices(dofs);
            constraints.distribute_local_to_global(
              cell_matrix, cell_rhs, dofs, matrix, rhs);
          }
        // deal.II 9.6 cannot compile this for surfaces.
        if constexpr (dim == spacedim)
          if (equation.faces || equation.boundary_load)
            assemble_faces(u);
      }

      /// Elements with terms of faces have no constraints.
      void
      assemble_faces(const dealii::Vector<double> &u)
      {
        using namespace dealii;
        FEInterfaceValues<dim, spacedim> faces(*mapping,
                                               dof_handler.get_fe(),
                                               face_quadrature,
                                               update_values |
                                                 update_gradients |
                                                 update_quadrature_points |
                                                 update_normal_vectors |
                                                 update_JxW_values);
        const auto                       add = [&]() {
          const auto  dofs = faces.get_interface_dof_indices();
          const auto &JxW   = faces.get_JxW_values();
          const bool  inner = !faces.at_boundary();
          for (unsigned int q = 0; q < JxW.size(); ++q)
            for (unsigned int i = 0; i < dofs.size(); ++i)
              {
                if (!inner && equation.boundary_load)
                  rhs(dofs[i]) += equation.boundary_load(faces, q, i) * JxW[q];
                if (!equation.faces)
                  continue;
                for (unsigned int j = 0; j < dofs.size(); ++j)
                  {
                    const double a = equation.faces(faces, q, i, j) * JxW[q];
                    matrix.add(dofs[i], dofs[j], a);
                    rhs(dofs[i]) -= a * u(dofs[j]);
                  }
              }
        };
        for (const auto &cell : dof_handler.active_cell_iterators())
          for (const unsigned int f : cell->face_indices())
            {
              if (cell->at_boundary(f))
                {
                  faces.reinit(cell, f);
                  add();
                  continue;
                }
              if (!equation.faces)
                continue;
              const auto neighbor = cell->neighbor(f);
              if (neighbor->has_children())
                continue; // the finer cells come here
              if (cell->neighbor_is_coarser(f))
                {
                  const auto sub = cell->neighbor_of_coarser_neighbor(f);
                  faces.reinit(cell,
                               f,
                               numbers::invalid_unsigned_int,
                               neighbor,
                               sub.first,
                               sub.second);
                  add();
                }
              else if (cell->index() < neighbor->index() ||
                       cell->level() < neighbor->level())
                {
                  faces.reinit(cell,
                               f,
                               numbers::invalid_unsigned_int,
                               neighbor,
                               cell->neighbor_of_neighbor(f),
                               numbers::invalid_unsigned_int);
                  add();
                }
            }
      }

      /// The matrix, with one value fixed where a constant is free.
      const dealii::SparseMatrix<double> &
      pinned_matrix()
      {
        const unsigned int c = equation.up_to_constant;
        if (c >= dof_handler.get_fe().n_components())
          return matrix;
        pinned.reinit(sparsity);
        pinned.copy_from(matrix);
        const auto dofs = dealii::DoFTools::extract_dofs(
          dof_handler,
          dof_handler.get_fe().component_mask(
            dealii::FEValuesExtractors::Scalar(c)));
        const auto i = dofs.nth_index_in_set(dofs.n_elements() / 2);
        for (auto entry = pinned.begin(i); entry != pinned.end(i); ++entry)
          entry->value() = entry->column() == i ? 1. : 0.;
        return pinned;
      }

      const dealii::Quadrature<dim>     quadrature;
      const dealii::QGauss<dim - 1>     face_quadrature;
      dealii::AffineConstraints<double> homogeneous;
      dealii::SparseMatrix<double>      pinned;
    };
  } // namespace test
} // namespace lsr

#endif
