// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_instances_case_h
#define lsr_applications_instances_case_h

#include <lsr/fe/finite_element_residual.h>
#include <lsr/refine/tangent_basis.h>
#include <lsr/refine/tangent_space.h>

#include <memory>
#include <optional>

#include "applications/lsr/instances_report.h"
#include "applications/lsr/operator_surrogate.h"
#include "applications/lsr/problem_case.h"

namespace lsr
{
  /// A network, and the space in which it is refined.
  struct Space
  {
    std::optional<Network>        network;
    std::unique_ptr<TangentBasis> basis;
    std::unique_ptr<TangentSpace> tangents;
  };



  template <int dim>
  struct InstancesCase : ProblemCase<dim>
  {
    using ProblemCase<dim>::ProblemCase;

    InstanceTable                            table;
    std::unique_ptr<const OperatorSurrogate> surrogate;

    /// Of all instances, or of the present one if the network is an operator.
    /// In a family its network is the refined one.
    Space space;

    /// In a family, the network that was loaded.
    std::optional<Network> loaded_network;

    InstancesReport report;

    /// Whether every instance has a tangent space of its own.
    bool
    has_spaces_of_its_own() const
    {
      return surrogate != nullptr || !this->parameters.network.grid.empty();
    }

    /// Whether all instances have one correction.
    bool
    is_family() const
    {
      return !this->parameters.instances.family.empty();
    }

    bool
    use_galerkin() const
    {
      return !is_family() &&
             this->parameters.instances.test_functions == "tangent space";
    }
  };



  /// The residual of the present instance.
  template <int dim>
  std::unique_ptr<FiniteElementResidual<dim>>
  make_residual(const InstancesCase<dim> &run);

  /// The points of instance number @p i of @p table, which is the present one,
  /// for a network that takes coordinates and what belongs to the instance.
  template <int dim>
  Sampling
  instance_points(const InstancesCase<dim> &run,
                  const InstanceTable      &table,
                  const std::size_t         i);

  /// The table of Instances/Family/File. Throws if it does not fit the other
  /// parameters; nothing has been written by then.
  template <int dim>
  InstanceTable
  read_family(InstancesCase<dim> &run);

  /**
   * Find one correction for the instances of @p table, see read_family(), and
   * make the network of @p run the refined one, which is also written; see
   * refine_family.cc. Collective over @p world, whose processes have a mesh
   * each and share the instances.
   */
  template <int dim>
  void
  refine_family(InstancesCase<dim>  &run,
                const InstanceTable &table,
                const MPI_Comm       world);
} // namespace lsr

#endif
