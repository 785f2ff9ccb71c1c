// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_programs_h
#define lsr_tests_support_programs_h

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_values.h>
#include <deal.II/grid/tria.h>
#include <deal.II/lac/affine_constraints.h>
#include <deal.II/lac/full_matrix.h>
#include <deal.II/lac/vector.h>
#include <deal.II/numerics/vector_tools.h>

#include <cmath>
#include <vector>

namespace lsr
{
  namespace test
  {
    /// Boundary values that differ from component to component.
    class BoundaryValues : public dealii::Function<2>
    {
    public:
      explicit BoundaryValues(const unsigned int n_components)
        : dealii::Function<2>(n_components)
      {}

      double
      value(const dealii::Point<2> &p,
            const unsigned int      component) const override
      {
        return std::cos(p[0] + (component + 1.) * p[1]);
      }
    };

    /// Four by four cells, those left of 1/2 once more refined.
    inline void
    make_grid_with_hanging_nodes(dealii::Triangulation<2> &triangulation)
    {
      triangulation.refine_global(2);
      for (const auto &cell : triangulation.active_cell_iterators())
        if (cell->is_locally_owned() && cell->center()[0] < 0.5)
          cell->set_refine_flag();
      triangulation.execute_coarsening_and_refinement();
    }

    /// Hanging nodes and boundary values of all components.
    inline void
    make_constraints(const dealii::DoFHandler<2>       &dof_handler,
                     dealii::AffineConstraints<double> &constraints)
    {
      dealii::IndexSet relevant;
      dealii::DoFTools::extract_locally_relevant_dofs(dof_handler, relevant);
      constraints.reinit(relevant);
      dealii::DoFTools::make_hanging_node_constraints(dof_handler, constraints);
      dealii::VectorTools::interpolate_boundary_values(
        dof_handler,
        0,
        BoundaryValues(dof_handler.get_fe().n_components()),
        constraints);
      constraints.close();
    }

    /// Assemble $-\Delta u_c + u_c = 1 + c$ for all components $c$, as any
    /// program of deal.II does.
    template <typename MatrixType, typename VectorType>
    void
    assemble(const dealii::DoFHandler<2>             &dof_handler,
             const dealii::AffineConstraints<double> &constraints,
             MatrixType                              &system_matrix,
             VectorType                              &system_rhs)
    {
      const auto                                  &fe = dof_handler.get_fe();
      const dealii::QGauss<2>                      quadrature(fe.degree + 1);
      dealii::FEValues<2>                          fe_values(fe,
                                    quadrature,
                                    dealii::update_values |
                                      dealii::update_gradients |
                                      dealii::update_JxW_values);
      const unsigned int                           n = fe.n_dofs_per_cell();
      dealii::FullMatrix<double>                   cell_matrix(n, n);
      dealii::Vector<double>                       cell_rhs(n);
      std::vector<dealii::types::global_dof_index> dofs(n);
      const auto component = [&fe](const unsigned int i) {
        return fe.system_to_component_index(i).first;
      };
      for (const auto &cell : dof_handler.active_cell_iterators())
        if (cell->is_locally_owned())
          {
            fe_values.reinit(cell);
            cell_matrix = 0.;
            cell_rhs    = 0.;
            for (const unsigned int q : fe_values.quadrature_point_indices())
              for (unsigned int i = 0; i < n; ++i)
                {
                  for (unsigned int j = 0; j < n; ++j)
                    if (component(i) == component(j))
                      cell_matrix(i, j) += (fe_values.shape_grad(i, q) *
                                              fe_values.shape_grad(j, q) +
                                            fe_values.shape_value(i, q) *
                                              fe_values.shape_value(j, q)) *
                                           fe_values.JxW(q);
                  cell_rhs(i) += (1. + component(i)) *
                                 fe_values.shape_value(i, q) * fe_values.JxW(q);
                }
            cell->get_dof_indices(dofs);
            constraints.distribute_local_to_global(
              cell_matrix, cell_rhs, dofs, system_matrix, system_rhs);
          }
      system_matrix.compress(dealii::VectorOperation::add);
      system_rhs.compress(dealii::VectorOperation::add);
    }
  } // namespace test
} // namespace lsr

#endif
