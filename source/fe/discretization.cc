// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/discretization.h>
#include <lsr/fe/error_message.h>

#include <deal.II/base/patterns.h>
#include <deal.II/base/quadrature_lib.h>
#include <deal.II/base/utilities.h>
#include <deal.II/distributed/grid_refinement.h>
#include <deal.II/distributed/shared_tria.h>
#include <deal.II/distributed/tria.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_simplex_p.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/fe_values.h>
#include <deal.II/fe/mapping_fe.h>
#include <deal.II/fe/mapping_q.h>
#include <deal.II/fe/mapping_q_cache.h>
#include <deal.II/grid/cell_id.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/grid_refinement.h>
#include <deal.II/grid/grid_tools.h>
#include <deal.II/lac/full_matrix.h>
#include <deal.II/numerics/error_estimator.h>
#include <deal.II/numerics/vector_tools_boundary.h>

#include <cmath>

#include "fe/coarse_mesh.h"
#include "fe/curved_mapping.h"

namespace lsr
{
  namespace
  {
    /// p4est knows quadrilaterals and hexahedra alone.
    template <int dim>
    std::unique_ptr<dealii::parallel::TriangulationBase<dim>>
    make_triangulation(MPI_Comm communicator, const bool simplices = false)
    {
      if constexpr (dim > 1)
        if (!simplices)
          return std::make_unique<
            dealii::parallel::distributed::Triangulation<dim>>(communicator);
      using Mesh = dealii::parallel::shared::Triangulation<dim>;
      return std::make_unique<Mesh>(communicator,
                                    dealii::Triangulation<dim>::none,
                                    true,
                                    Mesh::partition_zorder);
    }


    template <typename Element>
    std::unique_ptr<dealii::FiniteElement<Element::dimension>>
    make_system(const unsigned int degree,
                const unsigned int n_components,
                const bool         has_multiplier)
    {
      using System = dealii::FESystem<Element::dimension>;
      if (!has_multiplier)
        return std::make_unique<System>(Element(degree), n_components);
      AssertThrow(degree > 1,
                  dealii::ExcMessage(
                    "Finite element/Finite element degree is 1, expected 2 or "
                    "more: the last component of the equation is a Lagrange "
                    "multiplier, whose degree is less by one."));
      return std::make_unique<System>(Element(degree),
                                      n_components - 1,
                                      Element(degree - 1),
                                      1);
    }


    template <int dim>
    std::unique_ptr<dealii::FiniteElement<dim>>
    make_finite_element(const dealii::Triangulation<dim> &mesh,
                        const unsigned int                degree,
                        const unsigned int                n_components,
                        const bool                        has_multiplier)
    {
      if (mesh.all_reference_cells_are_hyper_cube())
        return make_system<dealii::FE_Q<dim>>(degree,
                                              n_components,
                                              has_multiplier);
      AssertThrow(degree <= 2,
                  dealii::ExcMessage(
                    "Finite element/Finite element degree is " +
                    std::to_string(degree) +
                    ", expected 1 or 2: the mesh has " +
                    (dim == 2 ? "triangles" : "tetrahedra") +
                    ", for which deal.II has no continuous elements of a "
                    "higher degree in all its versions."));
      return make_system<dealii::FE_SimplexP<dim>>(degree,
                                                   n_components,
                                                   has_multiplier);
    }


    template <int dim>
    bool
    is_curved(const dealii::Triangulation<dim> &mesh)
    {
      for (const auto id : mesh.get_manifold_ids())
        if (id != dealii::numbers::flat_manifold_id)
          return true;
      return false;
    }


    /**
     * Kelly's indicators. In 1D they are computed here, as deal.II's class
     * takes the derivative itself for the jump at Dirichlet boundaries there.
     */
    template <int dim>
    void
    estimate_error(const Discretization<dim> &space,
                   const FEVector            &ghosted,
                   dealii::Vector<float>     &indicators)
    {
      const auto &mesh = space.triangulation();
      if constexpr (dim > 1)
        dealii::KellyErrorEstimator<dim>::estimate(
          space.mapping(),
          space.dof_handler(),
          dealii::QGauss<dim - 1>(space.degree() + 1),
          {},
          ghosted,
          indicators,
          {},
          nullptr,
          dealii::numbers::invalid_unsigned_int,
          mesh.locally_owned_subdomain());
      else
        {
          dealii::FEFaceValues<dim> values(space.mapping(),
                                           space.finite_element(),
                                           dealii::QGauss<dim - 1>(1),
                                           dealii::update_gradients |
                                             dealii::update_normal_vectors);
          const unsigned int        n = space.n_components();
          std::vector<std::vector<dealii::Tensor<1, dim>>> gradients(
            1, std::vector<dealii::Tensor<1, dim>>(n));

          // The outward derivatives of both sides add up to the jump.
          dealii::FullMatrix<double> jumps(mesh.n_vertices(), n);
          for (const auto &cell : space.dof_handler().active_cell_iterators())
            if (!cell->is_artificial())
              for (const unsigned int face : cell->face_indices())
                if (!cell->at_boundary(face))
                  {
                    values.reinit(cell, face);
                    values.get_function_gradients(ghosted, gradients);
                    for (unsigned int c = 0; c < n; ++c)
                      jumps(cell->vertex_index(face), c) +=
                        gradients[0][c] * values.normal_vector(0);
                  }

          for (const auto &cell : mesh.active_cell_iterators())
            if (cell->is_locally_owned())
              {
                double sum = 0.;
                for (const unsigned int v : cell->vertex_indices())
                  for (unsigned int c = 0; c < n; ++c)
                    sum += std::pow(jumps(cell->vertex_index(v), c), 2);
                indicators[cell->active_cell_index()] =
                  std::sqrt(cell->diameter() / 24. * sum);
              }
        }
    }


    template <int dim>
    void
    mark_cells(dealii::parallel::TriangulationBase<dim> &mesh,
               dealii::Vector<float>                    &indicators,
               MPI_Comm                                  communicator,
               const double                              refine,
               const double                              coarsen)
    {
      if constexpr (dim == 1)
        {
          // Every rank knows all cells, but estimates only its own.
          dealii::Utilities::MPI::sum(indicators, communicator, indicators);
          dealii::GridRefinement::refine_and_coarsen_fixed_fraction(mesh,
                                                                    indicators,
                                                                    refine,
                                                                    coarsen);
        }
      else
        dealii::parallel::distributed::GridRefinement::
          refine_and_coarsen_fixed_fraction(
            dynamic_cast<dealii::parallel::distributed::Triangulation<dim> &>(
              mesh),
            indicators,
            refine,
            coarsen);
    }
  } // namespace


  template <int dim>
  Discretization<dim>::Discretization(MPI_Comm           mpi_communicator,
                                      const unsigned int n_components)
    : Discretization(mpi_communicator, n_components, Parameters())
  {}


  template <int dim>
  Discretization<dim>::Discretization(MPI_Comm           mpi_communicator,
                                      const unsigned int n_components,
                                      const Parameters  &parameters,
                                      const bool         has_multiplier)
    : dealii::ParameterAcceptor("/")
    , mpi_communicator(mpi_communicator)
    , n_components_(n_components)
    , has_multiplier_(has_multiplier)
    , parameters(parameters)
    , triangulation_(make_triangulation<dim>(mpi_communicator))
    , dof_handler_(*triangulation_)
  {
    add_parameters();
  }


  template <int dim>
  void
  Discretization<dim>::add_parameters()
  {
    namespace Patterns = dealii::Patterns;

    enter_subsection("Mesh");
    add_parameter("Grid generator",
                  parameters.grid_generator,
                  "Name of the function of deal.II's GridGenerator that makes "
                  "the coarse mesh, for example hyper_cube, hyper_rectangle, "
                  "hyper_ball, hyper_L or subdivided_hyper_rectangle.");
    add_parameter("Grid generator arguments",
                  parameters.grid_arguments,
                  "The arguments of that function, separated by colons; points "
                  "are written with commas, as in \"0, 0 : 2, 1 : true\".");
    add_parameter("Mesh file",
                  parameters.mesh_file,
                  "A file with the coarse mesh: gmsh's .msh, or .vtk, .unv, "
                  ".inp (Abaqus or UCD), .ucd and others that deal.II reads. "
                  "If it is given, the grid generator is not used.");
    add_parameter("Merge nodes",
                  parameters.merge_nodes,
                  "Whether nodes of the mesh file at the same place become "
                  "one. If not, blocks of a mesh that do not share their nodes "
                  "do not know each other.");
    add_parameter(
      "Grading",
      parameters.grading,
      "Expressions for the new coordinates of the vertices of the "
      "coarse mesh, separated by commas, as in \"sinh(4*x)/sinh(4), "
      "y\", which makes cells small where x = 0. Empty: they stay "
      "where they are.");
    add_parameter("Periodic directions",
                  parameters.periodic_directions,
                  "Directions in which the domain is periodic, separated by "
                  "commas: d identifies the boundary with id 2d with that with "
                  "id 2d+1. Empty: none.");
    add_parameter("Global refinements",
                  parameters.global_refinements,
                  "How often all cells of the coarse mesh are refined.",
                  prm,
                  Patterns::Integer(0, 20));
    add_parameter("Refinement fraction",
                  parameters.refinement_fraction,
                  "Adaptive refinement: the cells with the largest estimated "
                  "errors that make up this fraction of the whole are refined.",
                  prm,
                  Patterns::Double(0, 1));
    add_parameter("Coarsening fraction",
                  parameters.coarsening_fraction,
                  "Adaptive refinement: the cells with the smallest estimated "
                  "errors that make up this fraction of the whole are "
                  "coarsened.",
                  prm,
                  Patterns::Double(0, 1));
    leave_subsection();

    enter_subsection("Finite element");
    add_parameter("Finite element degree",
                  parameters.degree,
                  "The polynomial degree p of the continuous elements: Q_p on "
                  "quadrilaterals and hexahedra, P_p with p = 1 or 2 on "
                  "triangles and tetrahedra.",
                  prm,
                  Patterns::Integer(1, 16));
    add_parameter("Petrov-Galerkin in time",
                  parameters.petrov_galerkin_in_time,
                  "Whether the last coordinate is time, and the equation is "
                  "tested with functions of degree p-1 in time that are "
                  "discontinuous, instead of with the elements themselves.");
    add_parameter("Strong Dirichlet conditions",
                  parameters.strong_dirichlet,
                  "Whether refined fields have the Dirichlet values by "
                  "constraints. If not, the values are weighted rows of the "
                  "residual. The finite-element solution always has them by "
                  "constraints.");
    leave_subsection();
  }


  template <int dim>
  void
  Discretization<dim>::make_grid(const unsigned int further_refinements)
  {
    read_or_generate();
    grade();

    boundary_ids_.clear();
    for (const auto id : triangulation_->get_boundary_ids())
      boundary_ids_.insert(id);
    identify_boundaries();
    finite_element_ = make_finite_element(*triangulation_,
                                          parameters.degree,
                                          n_components_,
                                          has_multiplier_);

    triangulation_->refine_global(parameters.global_refinements +
                                  further_refinements);
    make_mapping();
  }


  template <int dim>
  void
  Discretization<dim>::make_mapping()
  {
    mapping_.reset();
    curved_mapping.reset();
    if (!curved_nodes.empty())
      {
        curved_mapping =
          std::make_shared<const CurvedMapping<dim>>(*triangulation_,
                                                     curved_nodes);
        mapping_ = curved_mapping->mapping();
      }
    else if (triangulation_->all_reference_cells_are_hyper_cube())
      mapping_ = std::make_unique<dealii::MappingQ<dim>>(
        is_curved(*triangulation_) ? parameters.degree : 1);
    else
      mapping_ =
        std::make_unique<dealii::MappingFE<dim>>(dealii::FE_SimplexP<dim>(1));
  }


  template <int dim>
  void
  Discretization<dim>::read_or_generate()
  {
    mapping_.reset();
    curved_mapping.reset();
    curved_nodes.clear();
    boundary_names.clear();
    notes_.clear();

    std::unique_ptr<CoarseMesh<dim>> mesh;
    const std::string               &file = parameters.mesh_file;
    if (!file.empty())
      try
        {
          mesh = std::make_unique<CoarseMesh<dim>>(
            read_coarse_mesh<dim>(file, parameters.merge_nodes));
        }
      catch (const std::exception &exception)
        {
          AssertThrow(false,
                      dealii::ExcMessage("The mesh file \"" + file +
                                         "\": " + error_message(exception)));
        }

    auto fresh =
      make_triangulation<dim>(mpi_communicator, mesh && mesh->simplices);
    dof_handler_.reinit(*fresh);
    triangulation_ = std::move(fresh);
    if (mesh)
      take(*mesh);
    else
      generate();
  }


  template <int dim>
  void
  Discretization<dim>::generate()
  {
    try
      {
        dealii::GridGenerator::generate_from_name_and_arguments(
          *triangulation_,
          parameters.grid_generator,
          parameters.grid_arguments);
      }
    catch (const std::exception &exception)
      {
        AssertThrow(false,
                    dealii::ExcMessage(
                      "The grid generator \"" + parameters.grid_generator +
                      "\" with the arguments \"" + parameters.grid_arguments +
                      "\" does not make a mesh in " + std::to_string(dim) +
                      " dimensions. Expected were the name of a function of "
                      "deal.II's GridGenerator and its arguments, separated "
                      "by colons.\n" +
                      error_message(exception)));
      }
  }


  template <int dim>
  void
  Discretization<dim>::take(CoarseMesh<dim> &mesh)
  {
    try
      {
        triangulation_->create_triangulation(mesh.vertices,
                                             mesh.cells,
                                             mesh.faces);
      }
    catch (const std::exception &exception)
      {
        AssertThrow(false,
                    dealii::ExcMessage("The mesh file \"" +
                                       parameters.mesh_file +
                                       "\": deal.II cannot make a mesh of its "
                                       "cells. " +
                                       error_message(exception)));
      }
    // In one dimension deal.II has no other way.
    if constexpr (dim == 1)
      for (const auto &cell : triangulation_->active_cell_iterators())
        for (const unsigned int f : cell->face_indices())
          {
            const auto end = mesh.end_ids.find(cell->vertex_index(f));
            if (cell->at_boundary(f) && end != mesh.end_ids.end())
              cell->face(f)->set_boundary_id(end->second);
          }
    curved_nodes.swap(mesh.nodes);
    boundary_names.swap(mesh.boundary_names);
    notes_.swap(mesh.notes);
  }


  template <int dim>
  void
  Discretization<dim>::grade()
  {
    mesh_vertices.resize(triangulation_->n_cells(0));
    for (const auto &cell : triangulation_->cell_iterators_on_level(0))
      for (const unsigned int v : cell->vertex_indices())
        mesh_vertices[cell->id().get_coarse_cell_id()][v] = cell->vertex(v);
    grading.reset();
    if (dealii::Utilities::trim(parameters.grading).empty())
      return;
    const std::string location = "Mesh/Grading";
    grading = std::make_unique<Grading<dim>>(parameters.grading, location);
    dealii::GridTools::transform(
      [&](const dealii::Point<dim> &xi) { return (*grading)(xi); },
      *triangulation_);
    for (auto &nodes : curved_nodes)
      for (auto &node : nodes)
        node = (*grading)(node);
    for (const auto &cell : triangulation_->active_cell_iterators())
      AssertThrow(std::isfinite(cell->measure()) && cell->measure() > 0.,
                  dealii::ExcMessage("The grading \"" + parameters.grading +
                                     "\" in <" + location +
                                     "> turns cells inside out."));
  }


  template <int dim>
  std::unique_ptr<dealii::Mapping<dim>>
  Discretization<dim>::mesh_coordinates() const
  {
    const bool simplices =
      !triangulation_->all_reference_cells_are_hyper_cube();
    if (!grading && (simplices || curved_mapping))
      return mapping_->clone();
    AssertThrow(!simplices && !curved_mapping,
                dealii::ExcMessage(
                  "Mesh coordinates before grading are not known for meshes of "
                  "simplices or with curved cells of a file, expected one of "
                  "straight quadrilaterals or hexahedra, or no grading."));
    using Cell = dealii::GeometryInfo<dim>;
    // Where the coarse cell was before grading.
    const auto linear = [&](const dealii::CellId &id, dealii::Point<dim> unit) {
      const auto children = id.get_child_indices();
      for (auto child = children.end(); child != children.begin();)
        unit = Cell::child_to_cell_coordinates(unit, *--child);
      dealii::Point<dim> xi;
      for (const unsigned int v : Cell::vertex_indices())
        xi += Cell::d_linear_shape_function(unit, v) *
              mesh_vertices[id.get_coarse_cell_id()][v];
      return xi;
    };

    std::unique_ptr<const InverseGrading<dim>> inverse;
    if (grading)
      inverse = std::make_unique<InverseGrading<dim>>(*grading);
    const dealii::FE_Q<dim> nodes(parameters.degree);
    auto mapping = std::make_unique<dealii::MappingQCache<dim>>(nodes.degree);
    mapping->initialize(*triangulation_, [&](const auto &cell) {
      std::vector<dealii::Point<dim>> points;
      for (const auto &unit : nodes.get_unit_support_points())
        {
          points.push_back(linear(cell->id(), unit));
          if (inverse)
            points.back() =
              (*inverse)(mapping_->transform_unit_to_real_cell(cell, unit),
                         points.back());
        }
      return points;
    });
    return mapping;
  }


  template <int dim>
  void
  Discretization<dim>::identify_boundaries()
  {
    for (const unsigned int d : parameters.periodic_directions)
      {
        AssertThrow(
          d < dim && boundary_ids_.count(2 * d) > 0 &&
            boundary_ids_.count(2 * d + 1) > 0,
          dealii::ExcMessage(
            "The domain shall be periodic in direction " + std::to_string(d) +
            ", but the mesh in " + std::to_string(dim) +
            " dimensions has no boundaries with the ids " +
            std::to_string(2 * d) + " and " + std::to_string(2 * d + 1) + "."));
        // deal.II has this function for no derived class.
        dealii::Triangulation<dim> &mesh = *triangulation_;
        using CellIterator = typename dealii::Triangulation<dim>::cell_iterator;
        std::vector<dealii::GridTools::PeriodicFacePair<CellIterator>> pairs;
        dealii::GridTools::collect_periodic_faces(
          mesh, 2 * d, 2 * d + 1, d, pairs);
        mesh.add_periodicity(pairs);
        boundary_ids_.erase(2 * d);
        boundary_ids_.erase(2 * d + 1);
      }
  }


  template <int dim>
  void
  Discretization<dim>::check_space_time_mesh() const
  {
    bool is_box = !triangulation_->has_hanging_nodes() &&
                  triangulation_->all_reference_cells_are_hyper_cube() &&
                  !curved_mapping;
    // Vertices of the lower face come first, those of the upper one above them.
    constexpr unsigned int n = dealii::GeometryInfo<dim>::vertices_per_cell / 2;
    if (is_box)
      for (const auto &cell : triangulation_->active_cell_iterators())
        {
          const double eps = 1e-10 * cell->diameter();
          for (unsigned int v = 0; v < n; ++v)
            {
              const auto edge   = cell->vertex(n + v) - cell->vertex(v);
              const auto across = cell->vertex(v) - cell->vertex(0);
              is_box            = is_box && edge[dim - 1] > eps &&
                       edge.norm() - edge[dim - 1] < eps &&
                       std::abs(across[dim - 1]) < eps;
            }
        }
    AssertThrow(is_box,
                dealii::ExcMessage(
                  "Test functions that are discontinuous in time need a mesh "
                  "whose cells extend along the last coordinate, time, and "
                  "are no simplices, and that has no hanging nodes."));
  }


  template <int dim>
  std::string
  Discretization<dim>::boundary_name(const dealii::types::boundary_id id) const
  {
    const auto name = boundary_names.find(id);
    return std::to_string(id) +
           (name == boundary_names.end() ? "" : " \"" + name->second + "\"");
  }


  template <int dim>
  std::map<dealii::types::boundary_id, const dealii::Function<dim> *>
  Discretization<dim>::resolve(const BoundaryFunctions<dim> &conditions) const
  {
    std::string known;
    for (const auto id : boundary_ids_)
      known += (known.empty() ? "" : ", ") + boundary_name(id);

    std::map<dealii::types::boundary_id, const dealii::Function<dim> *> result;
    for (const auto &[id, function] : conditions)
      {
        AssertThrow(id == dealii::numbers::invalid_boundary_id ||
                      boundary_ids_.count(id) > 0,
                    dealii::ExcMessage("There is a condition for boundary id " +
                                       std::to_string(id) +
                                       ", but the mesh only has the ids " +
                                       known + "."));
        AssertThrow(function == nullptr ||
                      function->n_components == n_components_,
                    dealii::ExcMessage("The values for boundary id " +
                                       std::to_string(id) + " have " +
                                       std::to_string(function->n_components) +
                                       " components. Expected were " +
                                       std::to_string(n_components_) + "."));
      }
    const auto others = conditions.find(dealii::numbers::invalid_boundary_id);
    for (const auto id : boundary_ids_)
      {
        const auto given = conditions.find(id);
        const auto entry = given != conditions.end() ? given : others;
        if (entry != conditions.end() && entry->second != nullptr)
          result[id] = entry->second.get();
      }
    return result;
  }


  template <int dim>
  void
  Discretization<dim>::keep_constant_of_multiplier(
    const bool                                         is_free,
    std::map<dealii::types::global_dof_index, double> &values) const
  {
    std::vector<bool> mask(n_components_, false);
    mask.back() = true;
    const dealii::IndexSet dofs =
      dealii::DoFTools::extract_boundary_dofs(dof_handler_,
                                              dealii::ComponentMask(mask));

    auto first = dealii::numbers::invalid_dof_index;
    if (is_free)
      for (const auto dof : dofs)
        if (values.count(dof) > 0 &&
            !hanging_node_constraints_.is_constrained(dof))
          {
            first = dof;
            break;
          }
    first = dealii::Utilities::MPI::min(first, mpi_communicator);
    for (const auto dof : dofs)
      if (dof != first)
        values.erase(dof);
  }


  template <int dim>
  void
  Discretization<dim>::setup_dofs(
    const BoundaryFunctions<dim> &dirichlet_conditions)
  {
    AssertThrow(finite_element_ != nullptr,
                dealii::ExcMessage("make_grid() has to be called first."));

    AssertThrow(!has_multiplier_ || !parameters.petrov_galerkin_in_time,
                dealii::ExcMessage(
                  "Finite element/Petrov-Galerkin in time is true, expected "
                  "false for an equation with a Lagrange multiplier."));
    if (parameters.petrov_galerkin_in_time)
      check_space_time_mesh();
    dof_handler_.distribute_dofs(*finite_element_);
    locally_relevant_dofs_ =
      dealii::DoFTools::extract_locally_relevant_dofs(dof_handler_);

#if DEAL_II_VERSION_GTE(9, 6, 0)
    hanging_node_constraints_.reinit(locally_owned_dofs(),
                                     locally_relevant_dofs_);
#else
    hanging_node_constraints_.reinit(locally_relevant_dofs_);
#endif
    dealii::DoFTools::make_hanging_node_constraints(dof_handler_,
                                                    hanging_node_constraints_);
    for (const unsigned int d : parameters.periodic_directions)
      dealii::DoFTools::make_periodicity_constraints(
        dof_handler_, 2 * d, 2 * d + 1, d, hanging_node_constraints_);
    constraints_.copy_from(hanging_node_constraints_);
    hanging_node_constraints_.close();

    std::map<dealii::types::global_dof_index, double> values;
    const auto functions = resolve(dirichlet_conditions);
    dealii::VectorTools::interpolate_boundary_values(*mapping_,
                                                     dof_handler_,
                                                     functions,
                                                     values);
    if (has_multiplier_)
      keep_constant_of_multiplier(functions.size() == boundary_ids_.size(),
                                  values);

    dirichlet_values_.clear();
    for (const auto &[dof, value] : values)
      {
        AssertThrow(std::isfinite(value),
                    dealii::ExcMessage(
                      "A Dirichlet condition has a value on the boundary "
                      "that is not a finite number."));
        if (!locally_relevant_dofs_.is_element(dof) ||
            constraints_.is_constrained(dof))
          continue;
        if (locally_owned_dofs().is_element(dof))
          dirichlet_values_[dof] = value;
        constraints_.add_line(dof);
        constraints_.set_inhomogeneity(dof, value);
      }
    constraints_.close();
  }


  template <int dim>
  void
  Discretization<dim>::refine(const FEVector &solution)
  {
    AssertThrow(triangulation_->all_reference_cells_are_hyper_cube(),
                dealii::ExcMessage(
                  "A mesh of simplices cannot be refined adaptively, expected "
                  "quadrilaterals or hexahedra, or Mesh/Adaptive refinements = "
                  "0 (Mesh/Global refinements refines all cells)."));
    const FEVector ghosted =
      make_conforming(solution, hanging_node_constraints_);
    dealii::Vector<float> indicators(triangulation_->n_active_cells());
    estimate_error(*this, ghosted, indicators);
    mark_cells(*triangulation_,
               indicators,
               mpi_communicator,
               parameters.refinement_fraction,
               parameters.coarsening_fraction);
    triangulation_->execute_coarsening_and_refinement();
    make_mapping();
  }


  template <int dim>
  FEVector
  Discretization<dim>::make_vector() const
  {
    return FEVector(locally_owned_dofs(),
                    locally_relevant_dofs_,
                    mpi_communicator);
  }


  template <int dim>
  FEVector
  Discretization<dim>::make_conforming(
    const FEVector                          &u,
    const dealii::AffineConstraints<double> &constraints) const
  {
    FEVector conforming = make_vector();
    conforming.copy_locally_owned_data_from(u);
    constraints.distribute(conforming);
    conforming.update_ghost_values();
    return conforming;
  }


  template class Discretization<1>;
  template class Discretization<2>;
  template class Discretization<3>;
} // namespace lsr
