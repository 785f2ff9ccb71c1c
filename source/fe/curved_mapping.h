// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_curved_mapping_h
#define lsr_fe_curved_mapping_h

#include <lsr/fe/discretization.h>

#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/mapping.h>

#include <memory>
#include <vector>

namespace lsr
{
  /**
   * The geometry of a mesh whose coarse cells are images of the unit cell by
   * polynomials of degree 2, as mesh generators write them, whatever has been
   * refined since. The vertices of the triangulation stay those of straight
   * edges.
   */
  template <int dim>
  class CurvedMapping
  {
  public:
    /// @p nodes are those of CoarseMesh. The mesh has to live as long as this
    /// object, and mapping() belongs to its present cells. Collective.
    CurvedMapping(const dealii::Triangulation<dim>                   &mesh,
                  const std::vector<std::vector<dealii::Point<dim>>> &nodes);

    /// A mapping that needs this object.
    std::unique_ptr<dealii::Mapping<dim>>
    mapping() const;

  private:
    dealii::DoFHandler<dim> dof_handler;

    /// Coordinates of the nodes of degree 2 of all cells.
    FEVector positions;
  };
} // namespace lsr

#endif
