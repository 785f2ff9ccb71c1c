// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_discretization_h
#define lsr_fe_discretization_h

#include <lsr/fe/expression.h>
#include <lsr/fe/weak_form.h>

#include <deal.II/base/geometry_info.h>
#include <deal.II/base/index_set.h>
#include <deal.II/base/mpi.h>
#include <deal.II/base/parameter_acceptor.h>
#include <deal.II/base/point.h>
#include <deal.II/distributed/tria_base.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/fe.h>
#include <deal.II/fe/mapping.h>
#include <deal.II/lac/affine_constraints.h>
#include <deal.II/lac/la_parallel_vector.h>

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * A map $x = g(\xi)$ of the coordinates $\xi$ of a mesh to those where its
   * vertices are moved to.
   */
  template <int dim>
  class Grading
  {
  public:
    /// @p text has an expression for each coordinate, separated by commas.
    /// Throws, naming @p location, where the text comes from, if there are
    /// other than dim of them or one cannot be read.
    Grading(const std::string &text, const std::string &location);

    /// $g(\xi)$.
    dealii::Point<dim>
    operator()(const dealii::Point<dim> &xi) const;

    /// The expressions.
    const std::string text;

    /// $\partial g_d / \partial \xi_e$.
    Expression<dim>
    derivative(const unsigned int d, const unsigned int e) const;

  private:
    std::vector<Expression<dim>> coordinates;
  };



  /// The inverse $\xi = g^{-1}(x)$ of a grading, by Newton's method.
  template <int dim>
  class InverseGrading
  {
  public:
    /// @p grading has to live as long as this object.
    explicit InverseGrading(const Grading<dim> &grading);

    /// $g^{-1}(x)$, beginning at @p guess. Throws if that does not converge.
    dealii::Point<dim>
    operator()(const dealii::Point<dim> &x,
               const dealii::Point<dim> &guess) const;

  private:
    const Grading<dim>          &grading;
    std::vector<Expression<dim>> derivatives;
  };



  /// A finite-element field or residual: one number for each degree of freedom,
  /// distributed over the ranks like the degrees of freedom.
  using FEVector = dealii::LinearAlgebra::distributed::Vector<double>;



  template <int dim>
  struct CoarseMesh;

  template <int dim>
  class CurvedMapping;

  /**
   * Mesh, finite-element space and constraints.
   *
   * The mesh is one of deal.II's GridGenerator or is read from a file. Meshes
   * of quadrilaterals and hexahedra are distributed over the ranks by p4est;
   * those of lines and of simplices are known to all ranks, which share the
   * work. The space is that of continuous elements $Q_p^n$ with Gauss-Lobatto
   * support points, or $P_p^n$, $p \le 2$, on simplices, which are refined
   * globally alone. A Lagrange multiplier, the last component of some equations
   * (WeakForm::has_multiplier()), has degree $p - 1$. Mixed meshes are divided
   * into simplices. On meshes with curved boundaries the mapping has degree
   * $p$, or that of the file's cells, 2, otherwise 1.
   *
   * On a space-time mesh the last coordinate is time. There the equation can
   * be tested with functions that are discontinuous in time, see
   * SpaceTimeTestElement; cells have to be boxes in time, that is, their lower
   * and upper faces horizontal, and without hanging nodes. In one dimension,
   * which then is time, this is for ordinary differential equations.
   *
   * @code
   *   Discretization<2> discretization(MPI_COMM_WORLD, 1);
   *   ParameterAcceptor::initialize("problem.prm");
   *   discretization.make_grid();
   *   discretization.setup_dofs(weak_form.dirichlet_conditions());
   *   ...
   *   discretization.refine(solution);   // Kelly's estimator
   *   discretization.setup_dofs(weak_form.dirichlet_conditions());
   * @endcode
   */
  template <int dim>
  class Discretization : public dealii::ParameterAcceptor
  {
  public:
    /// The parameters that a parameter file may set.
    struct Parameters
    {
      /// Name of a function of GridGenerator; not used if there is a file.
      std::string grid_generator = "hyper_cube";

      /// Its arguments, separated by colons.
      std::string grid_arguments = "0 : 1 : true";

      /// A mesh file in one of the formats of GridIn, or nothing.
      std::string mesh_file = "";

      /// Whether vertices of the file at the same place become one.
      bool merge_nodes = false;

      /// Directions in which the domain is periodic: d identifies the boundary
      /// with id 2 d with that with id 2 d + 1.
      std::vector<unsigned int> periodic_directions;

      /// Expressions for the coordinates that vertices of the coarse mesh are
      /// moved to, separated by commas; empty: they stay.
      std::string grading = "";

      unsigned int global_refinements = 5;

      /// Polynomial degree $p$.
      unsigned int degree = 2;

      /// Whether test functions are those of SpaceTimeTestElement.
      bool petrov_galerkin_in_time = false;

      /// Whether refined fields have Dirichlet values by constraints.
      bool strong_dirichlet = true;

      /// Fraction of the estimated error on the cells to refine.
      double refinement_fraction = 0.5;

      /// Fraction of the estimated error on the cells to coarsen.
      double coarsening_fraction = 0.03;
    };

    /// @p n_components is the number $n$ of components of the solution.
    explicit Discretization(MPI_Comm           mpi_communicator,
                            const unsigned int n_components = 1);

    /**
     * The same with @p parameters, which become the defaults of the sections
     * `Mesh`, `Finite element` of a parameter file. @p has_multiplier says
     * whether the last component is a Lagrange multiplier.
     */
    Discretization(MPI_Comm           mpi_communicator,
                   const unsigned int n_components,
                   const Parameters  &parameters,
                   const bool         has_multiplier = false);

    /// Generate or read the mesh, and refine it globally, by
    /// @p further_refinements more than the parameters say. Collective.
    void
    make_grid(const unsigned int further_refinements = 0);

    /**
     * Distribute degrees of freedom and build the constraints: hanging nodes,
     * and the values of @p dirichlet_conditions (see
     * WeakForm::dirichlet_conditions()), of a multiplier only the one that
     * fixes its constant. Collective.
     */
    void
    setup_dofs(const BoundaryFunctions<dim> &dirichlet_conditions);

    /**
     * Refine the cells with the largest estimated error of @p solution (Kelly's
     * estimator) and coarsen those with the smallest. Afterwards setup_dofs()
     * has to be called. Collective.
     */
    void
    refine(const FEVector &solution);

    /// A vector of zeros with room for the values of ghost degrees of freedom.
    FEVector
    make_vector() const;

    /**
     * A copy of @p u in which constrained degrees of freedom have the values
     * that @p constraints (one of the two of this class) demand, with ghost
     * values. Collective.
     */
    FEVector
    make_conforming(const FEVector                          &u,
                    const dealii::AffineConstraints<double> &constraints) const;

    MPI_Comm
    communicator() const
    {
      return mpi_communicator;
    }

    const dealii::Triangulation<dim> &
    triangulation() const
    {
      return *triangulation_;
    }

    const dealii::Mapping<dim> &
    mapping() const
    {
      return *mapping_;
    }

    /**
     * A mapping of the nodes to their coordinates before grading. Where this
     * resolves a layer, the solution is wide in these coordinates. Valid until
     * the mesh changes. Throws if the grading cannot be inverted.
     */
    std::unique_ptr<dealii::Mapping<dim>>
    mesh_coordinates() const;

    const dealii::FiniteElement<dim> &
    finite_element() const
    {
      return *finite_element_;
    }

    const dealii::DoFHandler<dim> &
    dof_handler() const
    {
      return dof_handler_;
    }

    /// Hanging nodes, periodicity and Dirichlet values.
    const dealii::AffineConstraints<double> &
    constraints() const
    {
      return constraints_;
    }

    /// Hanging nodes and periodicity alone, for Dirichlet conditions that are
    /// weighted rows.
    const dealii::AffineConstraints<double> &
    hanging_node_constraints() const
    {
      return hanging_node_constraints_;
    }

    const dealii::IndexSet &
    locally_owned_dofs() const
    {
      return dof_handler_.locally_owned_dofs();
    }

    const dealii::IndexSet &
    locally_relevant_dofs() const
    {
      return locally_relevant_dofs_;
    }

    /**
     * Dirichlet degrees of freedom owned by this rank that are no hanging
     * nodes, and their values.
     */
    const std::map<dealii::types::global_dof_index, double> &
    dirichlet_values() const
    {
      return dirichlet_values_;
    }

    /**
     * Whether the user wants Dirichlet values of refined fields by
     * constraints() instead of hanging_node_constraints() and weighted rows.
     */
    bool
    strong_dirichlet() const
    {
      return parameters.strong_dirichlet;
    }

    /// Directions in which the domain is periodic.
    const std::vector<unsigned int> &
    periodic_directions() const
    {
      return parameters.periodic_directions;
    }

    /// Whether test functions are those of SpaceTimeTestElement.
    bool
    petrov_galerkin_in_time() const
    {
      return parameters.petrov_galerkin_in_time;
    }

    /// Sentences on what a user may not expect of the mesh file.
    const std::vector<std::string> &
    notes() const
    {
      return notes_;
    }

    /// Ids of the boundary, without periodic ones, on every rank.
    const std::set<dealii::types::boundary_id> &
    boundary_ids() const
    {
      return boundary_ids_;
    }

    /// A boundary id, with the name that the mesh file has for it.
    std::string
    boundary_name(const dealii::types::boundary_id id) const;

    /// Whether the mesh was read from a file.
    bool
    has_mesh_file() const
    {
      return !parameters.mesh_file.empty();
    }

    /// Polynomial degree $p$; that of a multiplier is less by one.
    unsigned int
    degree() const
    {
      return parameters.degree;
    }

    /// Whether the last component is a Lagrange multiplier.
    bool
    has_multiplier() const
    {
      return has_multiplier_;
    }

    unsigned int
    n_components() const
    {
      return n_components_;
    }

  private:
    void
    add_parameters();

    void
    read_or_generate();

    void
    generate();

    void
    take(CoarseMesh<dim> &mesh);

    /// Adapt the mapping to the present cells.
    void
    make_mapping();

    /// Move the vertices of the coarse mesh.
    void
    grade();

    /// Of the boundary @p values of the multiplier keep one, where its constant
    /// @p is_free, or none.
    void
    keep_constant_of_multiplier(
      const bool                                         is_free,
      std::map<dealii::types::global_dof_index, double> &values) const;

    /// Make the mesh periodic.
    void
    identify_boundaries();

    /// Throw unless all cells are boxes in time.
    void
    check_space_time_mesh() const;

    /// The given functions for each boundary id of the mesh, "all" resolved.
    std::map<dealii::types::boundary_id, const dealii::Function<dim> *>
    resolve(const BoundaryFunctions<dim> &conditions) const;

    MPI_Comm           mpi_communicator;
    const unsigned int n_components_;
    const bool         has_multiplier_;
    Parameters         parameters;

    std::unique_ptr<dealii::parallel::TriangulationBase<dim>> triangulation_;
    std::unique_ptr<dealii::FiniteElement<dim>>               finite_element_;
    std::shared_ptr<const CurvedMapping<dim>>                 curved_mapping;
    std::unique_ptr<dealii::Mapping<dim>>                     mapping_;
    dealii::DoFHandler<dim>                                   dof_handler_;
    dealii::IndexSet                                  locally_relevant_dofs_;
    dealii::AffineConstraints<double>                 hanging_node_constraints_;
    dealii::AffineConstraints<double>                 constraints_;
    std::map<dealii::types::global_dof_index, double> dirichlet_values_;

    /// From the coordinates before grading; nothing if there is none.
    std::unique_ptr<const Grading<dim>> grading;

    /// Of each coarse cell of a file with curved cells those of degree 2.
    std::vector<std::vector<dealii::Point<dim>>> curved_nodes;

    /// Of the mesh file.
    std::map<dealii::types::boundary_id, std::string> boundary_names;
    std::vector<std::string>                          notes_;

    /// Of each coarse cell, before grading.
    std::vector<std::array<dealii::Point<dim>,
                           dealii::GeometryInfo<dim>::vertices_per_cell>>
      mesh_vertices;

    /// Of the whole coarse mesh.
    std::set<dealii::types::boundary_id> boundary_ids_;
  };
} // namespace lsr

#endif
