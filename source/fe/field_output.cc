// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/fe/error_message.h>
#include <lsr/fe/field_output.h>
#include <lsr/fe/on_first_rank.h>

#include <deal.II/numerics/data_out.h>
#include <deal.II/numerics/data_postprocessor.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <filesystem>
#include <list>
#include <sstream>

#include "ghosted.h"

namespace lsr
{
  using namespace dealii;

  namespace
  {
    /// The Euclidean norm of a field, or of its distance to a function, at
    /// each point.
    template <int dim>
    class Magnitude : public DataPostprocessorScalar<dim>
    {
    public:
      Magnitude(const std::string &name, const Function<dim> *exact = nullptr)
        : DataPostprocessorScalar<dim>(name,
                                       update_values | update_quadrature_points)
        , exact(exact)
      {}

      void
      evaluate_scalar_field(
        const DataPostprocessorInputs::Scalar<dim> &inputs,
        std::vector<Vector<double>>                &quantities) const override
      {
        for (unsigned int q = 0; q < quantities.size(); ++q)
          {
            const double reference =
              exact != nullptr ? exact->value(inputs.evaluation_points[q]) : 0;
            quantities[q][0] = std::abs(inputs.solution_values[q] - reference);
          }
      }

      void
      evaluate_vector_field(
        const DataPostprocessorInputs::Vector<dim> &inputs,
        std::vector<Vector<double>>                &quantities) const override
      {
        for (unsigned int q = 0; q < quantities.size(); ++q)
          {
            Vector<double> value     = inputs.solution_values[q];
            Vector<double> reference = value;
            if (exact != nullptr)
              {
                exact->vector_value(inputs.evaluation_points[q], reference);
                value -= reference;
              }
            quantities[q][0] = value.l2_norm();
          }
      }

    private:
      const Function<dim> *exact;
    };

    /// Collects fields and keeps alive what DataOut only points to.
    template <int dim>
    class VtuFile
    {
    public:
      VtuFile(const Mapping<dim> &mapping, const DoFHandler<dim> &dof_handler)
        : mapping(mapping)
        , dof_handler(dof_handler)
      {}

      void
      add_field(const std::string &name, const FEVector &field)
      {
        const unsigned int n_components = dof_handler.get_fe().n_components();
        const bool         is_vector    = (n_components == dim && dim > 1);

        std::vector<std::string> names(n_components, name);
        if (!is_vector && n_components > 1)
          for (unsigned int c = 0; c < n_components; ++c)
            names[c] += "_" + std::to_string(c);

        namespace Interpretation = DataComponentInterpretation;
        data_out.add_data_vector(
          dof_handler,
          keep(field),
          names,
          std::vector<Interpretation::DataComponentInterpretation>(
            n_components,
            is_vector ? Interpretation::component_is_part_of_vector :
                        Interpretation::component_is_scalar));
      }

      void
      add_exact(const Function<dim> &exact, const MPI_Comm communicator)
      {
        // interpolate() also writes the entries that belong to other ranks.
        FEVector interpolated = make_relevant_vector(dof_handler, communicator);
        VectorTools::interpolate(mapping, dof_handler, exact, interpolated);
        add_field("exact", interpolated);
      }

      /// Add the pointwise distance of @p field to @p exact.
      void
      add_error(const std::string   &name,
                const FEVector      &field,
                const Function<dim> &exact)
      {
        magnitudes.emplace_back(name, &exact);
        data_out.add_data_vector(dof_handler, keep(field), magnitudes.back());
      }

      /// Add the pointwise distance of two fields.
      void
      add_difference(const std::string &name,
                     const FEVector    &field,
                     const FEVector    &reference)
      {
        FEVector difference(field);
        difference -= reference;
        magnitudes.emplace_back(name);
        data_out.add_data_vector(dof_handler,
                                 keep(difference),
                                 magnitudes.back());
      }

      void
      write(const std::string &path, const MPI_Comm communicator)
      {
        const unsigned int degree = dof_handler.get_fe().degree;

        DataOutBase::VtkFlags flags;
        // Lines of higher order are not supported, and shown in pieces.
        flags.write_higher_order_cells = (degree > 1 && dim > 1);
        data_out.set_flags(flags);
        data_out.build_patches(mapping,
                               degree,
                               DataOut<dim>::curved_inner_cells);

        if (Utilities::MPI::n_mpi_processes(communicator) == 1)
          {
            // DataOut has no words for a full disk.
            std::ostringstream text;
            data_out.write_vtu(text);
            write_atomically(path,
                             [&](std::ostream &out) { out << text.str(); });
          }
        else
          write_together(path, communicator);
      }

    private:
      const FEVector &
      keep(const FEVector &field)
      {
        vectors.push_back(ghosted(dof_handler, field));
        return vectors.back();
      }

      /// All ranks write their cells into one temporary file, which then takes
      /// its name.
      void
      write_together(const std::string &path, const MPI_Comm communicator) const
      {
        namespace fs                = std::filesystem;
        const std::string temporary = path + ".partial";

        // An early failure on one rank, before the others wait for it in
        // collective output, is one clear message on all of them.
        on_first_rank(communicator, [&]() {
          write_atomically(temporary, [](std::ostream &) {});
        });
        try
          {
            data_out.write_vtu_in_parallel(temporary, communicator);
          }
        catch (const std::exception &exception)
          {
            std::error_code ignored;
            fs::remove(temporary, ignored);
            throw Error("Cannot write the file '" + path +
                        "': " + error_message(exception));
          }
        on_first_rank(communicator, [&]() {
          std::error_code error;
          fs::rename(temporary, path, error);
          if (error)
            {
              std::error_code ignored;
              fs::remove(temporary, ignored);
            }
          require(!error,
                  "Cannot write the file '" + path + "': " + error.message());
        });
      }

      const Mapping<dim>       &mapping;
      const DoFHandler<dim>    &dof_handler;
      std::list<FEVector>       vectors;
      std::list<Magnitude<dim>> magnitudes;
      // Last, so that it lets go of the others before they are gone.
      DataOut<dim> data_out;
    };

    template <int dim>
    void
    add_fields(VtuFile<dim>        &file,
               const NamedFields   &fields,
               const Function<dim> *exact)
    {
      for (const auto &[name, field] : fields)
        file.add_field(name, *field);
      if (exact == nullptr)
        return;

      file.add_exact(*exact, fields.front().second->get_mpi_communicator());
      for (const auto &[name, field] : fields)
        file.add_error("error_" + name, *field, *exact);
    }
  } // namespace

  template <int dim>
  void
  write_vtu(const std::string     &path,
            const Mapping<dim>    &mapping,
            const DoFHandler<dim> &dof_handler,
            const NamedFields     &fields,
            const Function<dim>   *exact)
  {
    AssertThrow(!fields.empty(),
                ExcMessage("There is no field to be written to '" + path +
                           "'."));
    VtuFile<dim> file(mapping, dof_handler);
    add_fields(file, fields, exact);
    file.write(path, fields.front().second->get_mpi_communicator());
  }

  template <int dim>
  void
  write_vtu(const std::string &path, const ComparedFields<dim> &fields)
  {
    VtuFile<dim> file(fields.mapping, fields.dof_handler);
    add_fields(file,
               {{"network", &fields.network},
                {"refined", &fields.refined},
                {"fem", &fields.fem}},
               fields.exact);
    file.add_difference("difference_network", fields.network, fields.fem);
    file.add_difference("difference_refined", fields.refined, fields.fem);
    file.write(path, fields.network.get_mpi_communicator());
  }

#define LSR_INSTANTIATE(dim)                       \
  template void write_vtu(const std::string &,     \
                          const Mapping<dim> &,    \
                          const DoFHandler<dim> &, \
                          const NamedFields &,     \
                          const Function<dim> *);  \
  template void write_vtu(const std::string &, const ComparedFields<dim> &);

  LSR_INSTANTIATE(1)
  LSR_INSTANTIATE(2)
  LSR_INSTANTIATE(3)

#undef LSR_INSTANTIATE
} // namespace lsr
