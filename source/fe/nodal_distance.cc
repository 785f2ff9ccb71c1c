// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/nodal_distance.h>

#include <deal.II/base/function.h>
#include <deal.II/base/quadrature_lib.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/lac/la_parallel_vector.h>
#include <deal.II/numerics/vector_tools_rhs.h>

namespace lsr
{
  namespace
  {
    template <int dim>
    dealii::Quadrature<dim>
    gauss_formula(const dealii::FiniteElement<dim> &fe)
    {
      return fe.reference_cell().template get_gauss_type_quadrature<dim>(
        fe.degree + 1);
    }
  } // namespace



  template <int dim>
  std::vector<double>
  nodal_weights(const dealii::DoFHandler<dim> &dof_handler,
                const dealii::ComponentMask   &mask)
  {
    const dealii::FiniteElement<dim> &fe    = dof_handler.get_fe();
    const dealii::IndexSet           &owned = dof_handler.locally_owned_dofs();
    AssertThrow(fe.is_primitive(),
                dealii::ExcMessage("nodal_weights(): the finite element " +
                                   fe.get_name() +
                                   " has shape functions of several "
                                   "components, expected a nodal element."));

    dealii::IndexSet relevant;
    dealii::DoFTools::extract_locally_relevant_dofs(dof_handler, relevant);
    dealii::LinearAlgebra::distributed::Vector<double> integrals(
      owned, relevant, dof_handler.get_communicator());

    std::vector<double> ones(fe.n_components());
    for (unsigned int c = 0; c < ones.size(); ++c)
      ones[c] = mask[c] ? 1. : 0.;
    dealii::VectorTools::create_right_hand_side(
      dealii::get_default_linear_mapping(dof_handler.get_triangulation()),
      dof_handler,
      gauss_formula(fe),
      dealii::Functions::ConstantFunction<dim>(ones),
      integrals);

    std::vector<double> weights;
    for (const auto i : owned)
      weights.push_back(integrals(i));
    return weights;
  }



  template <int dim>
  std::vector<dealii::ComponentMask>
  base_element_masks(const dealii::FiniteElement<dim> &fe)
  {
    std::vector<std::vector<bool>> selected(fe.n_base_elements(),
                                            std::vector<bool>(fe.n_components(),
                                                              false));
    for (unsigned int c = 0; c < fe.n_components(); ++c)
      selected[fe.component_to_base_index(c).first][c] = true;
    return {selected.begin(), selected.end()};
  }



  template std::vector<double>
  nodal_weights(const dealii::DoFHandler<1> &, const dealii::ComponentMask &);
  template std::vector<double>
  nodal_weights(const dealii::DoFHandler<2> &, const dealii::ComponentMask &);
  template std::vector<double>
  nodal_weights(const dealii::DoFHandler<3> &, const dealii::ComponentMask &);

  template std::vector<dealii::ComponentMask>
  base_element_masks(const dealii::FiniteElement<1> &);
  template std::vector<dealii::ComponentMask>
  base_element_masks(const dealii::FiniteElement<2> &);
  template std::vector<dealii::ComponentMask>
  base_element_masks(const dealii::FiniteElement<3> &);
} // namespace lsr
