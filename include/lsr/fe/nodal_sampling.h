// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_nodal_sampling_h
#define lsr_fe_nodal_sampling_h

#include <lsr/refine/sampling.h>

#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/mapping.h>

#include <optional>

namespace lsr
{
  /**
   * How a network with @p n_outputs outputs becomes a field of @p dof_handler:
   * by nodal_sampling() if its finite elements are continuous and their degrees
   * of freedom values at support points, else by projected_sampling(). For
   * discontinuous elements this evaluates the network inside of cells, so that
   * each side of a face has its own values, also where the network jumps.
   * Throws what the two throw, and if there is not an output for each
   * component.
   */
  template <int dim, int spacedim>
  Sampling
  field_sampling(const dealii::Mapping<dim, spacedim>    &mapping,
                 const dealii::DoFHandler<dim, spacedim> &dof_handler,
                 const unsigned int                       n_outputs,
                 const std::optional<double>             &time = std::nullopt);



  /**
   * The support points of the locally owned degrees of freedom, such that the
   * values $q$ of a network there are the nodal values of its interpolant:
   * value $i$ of $q$ belongs to the $i$-th locally owned degree of freedom, and
   * is the output of the network that has the number of the component the
   * degree of freedom belongs to. Points that several components share are
   * evaluated once. If @p time is given, it is appended to every point as a
   * further input.
   *
   * Works for all elements of an hp space, too. Throws if one has no support
   * points, or other than @p n_outputs components.
   */
  template <int dim, int spacedim>
  Sampling
  nodal_sampling(const dealii::Mapping<dim, spacedim>    &mapping,
                 const dealii::DoFHandler<dim, spacedim> &dof_handler,
                 const unsigned int                       n_outputs,
                 const std::optional<double>             &time = std::nullopt);

  /**
   * For finite elements whose degrees of freedom are no values at points
   * (FE_Q_Hierarchical, FE_DGP, FE_RaviartThomas, ...): the network at
   * quadrature points, and the matrix $P$ that takes its values to the locally
   * owned degrees of freedom $q$. On each cell these are those of the $L_2$
   * projection to the polynomials of the cell. Cells that share a degree of
   * freedom may disagree; that with the smallest CellId counts, so that the
   * result does not depend on the number of processes. Finite-element functions
   * are reproduced, smooth ones with the order of the element. Base elements of
   * an FESystem that are continuous and nodal, as the velocity of FE_Q and
   * FE_DGP, get the values at their support points, as in nodal_sampling().
   *
   * The network has an output for each component of the element, and is
   * evaluated at $p + 1$ points in each direction of a cell: take
   * nodal_sampling() for elements with support points. The values may belong to
   * any residual of these degrees of freedom:
   *
   * @code
   *   LinearResidual residual(dof_handler, constraints, matrix, rhs);
   *   const Refinement refinement =
   *     refine(basis, projected_sampling(mapping, dof_handler), residual);
   *   const auto solution = residual.field(refinement.values);
   * @endcode
   *
   * Throws if the shape functions are not independent on a cell.
   */
  template <int dim, int spacedim>
  Sampling
  projected_sampling(const dealii::Mapping<dim, spacedim>    &mapping,
                     const dealii::DoFHandler<dim, spacedim> &dof_handler,
                     const std::optional<double> &time = std::nullopt);
} // namespace lsr

#endif
