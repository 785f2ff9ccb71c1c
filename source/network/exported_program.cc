// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/exported_program.h"

#include <lsr/base/exceptions.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

namespace lsr
{
  namespace
  {
    // Objects keep their order: that of the weights is the order of parameters.
    using Json = nlohmann::ordered_json;

    using Argument   = ExportedProgram::Argument;
    using Graph      = ExportedProgram::Graph;
    using Input      = ExportedProgram::Input;
    using Node       = ExportedProgram::Node;
    using ScalarType = ExportedProgram::ScalarType;
    using Size       = ExportedProgram::Size;
    using Tensor     = ExportedProgram::Tensor;

    constexpr std::size_t max_json_size = std::size_t(1) << 28;

    /// Graphs inside of graphs.
    constexpr unsigned int max_depth = 8;

    const std::string with_which =
      "; files of torch.export.save() of PyTorch 2.1 to 2.15 are read";



    /// Python writes numbers that JSON does not have: make them strings, as
    /// newer versions do.
    std::string
    quote_special_numbers(const std::string &text)
    {
      std::string result;
      bool        in_string = false;
      for (std::size_t i = 0; i < text.size(); ++i)
        {
          if (in_string && text[i] == '\\' && i + 1 < text.size())
            {
              result += text[i];
              result += text[++i];
              continue;
            }
          if (text[i] == '"')
            in_string = !in_string;
          else if (!in_string && (text[i] == 'N' || text[i] == 'I' ||
                                  (text[i] == '-' && text[i + 1] == 'I')))
            for (const std::string word : {"NaN", "Infinity", "-Infinity"})
              if (text.compare(i, word.size(), word) == 0)
                {
                  result += '"' + word;
                  i += word.size();
                  result += '"';
                  break;
                }
          if (i < text.size())
            result += text[i];
        }
      return result;
    }



    /// A place in a file of JSON, with what messages need.
    class Element
    {
    public:
      Element(const Json &json, const std::string &where)
        : json(&json)
        , where(where)
      {}

      [[noreturn]] void
      fail(const std::string &message) const
      {
        throw Error(where + ": " + message);
      }

      void
      check(const bool condition, const std::string &message) const
      {
        if (!condition)
          fail(message);
      }

      bool
      has(const std::string &key) const
      {
        return json->is_object() && json->contains(key) &&
               !json->at(key).is_null();
      }

      bool
      is_null() const
      {
        return json->is_null();
      }

      bool
      is_object() const
      {
        return json->is_object();
      }

      Element
      operator[](const std::string &key) const
      {
        check(has(key), "there is no '" + key + "'");
        return {json->at(key), where};
      }

      /// The same place with more words for messages.
      Element
      named(const std::string &name) const
      {
        return {*json, where + ", " + name};
      }

      std::vector<Element>
      items() const
      {
        check(json->is_array(), "found " + kind() + ", expected a list");
        std::vector<Element> result;
        for (const Json &item : *json)
          result.emplace_back(item, where);
        return result;
      }

      std::vector<std::pair<std::string, Element>>
      members() const
      {
        check(json->is_object(), "found " + kind() + ", expected an object");
        std::vector<std::pair<std::string, Element>> result;
        for (const auto &item : json->items())
          result.emplace_back(item.key(), Element(item.value(), where));
        return result;
      }

      /// Of a union, the member that is there: older files write all others,
      /// as null.
      std::pair<std::string, Element>
      alternative() const
      {
        check(json->is_object(), "found " + kind() + ", expected an object");
        std::string name;
        for (const auto &item : json->items())
          if (!item.value().is_null())
            {
              check(name.empty(),
                    "both '" + name + "' and '" + item.key() + "' are given");
              name = item.key();
            }
        check(!name.empty(), "none of the alternatives is given");
        return {name, (*this)[name]};
      }

      std::string
      text() const
      {
        check(json->is_string(), "found " + kind() + ", expected a text");
        return json->get<std::string>();
      }

      bool
      boolean() const
      {
        check(json->is_boolean(), "found " + kind() + ", expected a boolean");
        return json->get<bool>();
      }

      std::int64_t
      integer() const
      {
        check(json->is_number_integer() &&
                !(json->is_number_unsigned() &&
                  json->get<std::uint64_t>() >
                    std::uint64_t(std::numeric_limits<std::int64_t>::max())),
              "found " + kind() + ", expected an integer of 64 bits");
        return json->get<std::int64_t>();
      }

      double
      real() const
      {
        if (json->is_string())
          {
            constexpr double infinity = std::numeric_limits<double>::infinity();
            const std::string word    = json->get<std::string>();
            if (word == "Infinity")
              return infinity;
            if (word == "-Infinity")
              return -infinity;
            if (word == "NaN")
              return std::numeric_limits<double>::quiet_NaN();
          }
        check(json->is_number(), "found " + kind() + ", expected a number");
        return json->get<double>();
      }

    private:
      /// For messages: the element itself, shortened.
      std::string
      kind() const
      {
        const std::string whole =
          json->dump(-1, ' ', true, Json::error_handler_t::replace);
        return whole.size() <= 40 ? whole : whole.substr(0, 40) + "...";
      }

      const Json *json;
      std::string where;
    };



    Argument
    make_value(const std::string &name)
    {
      Argument argument;
      argument.kind = Argument::Kind::value;
      argument.text = name;
      return argument;
    }



    Argument
    make_integer(const Argument::Kind kind, const std::int64_t integer)
    {
      Argument argument;
      argument.kind    = kind;
      argument.integer = integer;
      return argument;
    }



    Argument
    make_real(const double real)
    {
      Argument argument;
      argument.kind = Argument::Kind::real;
      argument.real = real;
      return argument;
    }



    ScalarType
    read_scalar_type(const Element &element)
    {
      const std::int64_t number = element.integer();
      element.check(number >= 1 &&
                      number <= std::int64_t(ScalarType::largest_known),
                    "numbers of the type " + std::to_string(number) +
                      " are not supported");
      return ScalarType(number);
    }



    /// Reads graphs; their arguments are nested.
    class GraphReader
    {
    public:
      static Graph
      read(const Element &element, const unsigned int depth = 0)
      {
        element.check(depth < max_depth, "graphs are nested too deeply");
        GraphReader reader(depth);
        Graph       graph;
        for (const Element &input : element["inputs"].items())
          graph.inputs.push_back(reader.argument(input));
        for (const Element &output : element["outputs"].items())
          graph.outputs.push_back(reader.argument(output));
        for (const auto &[name, type] : element["tensor_values"].members())
          graph.types[name] = tensor_type(type.named("'" + name + "'"));
        for (const Element &node : element["nodes"].items())
          graph.nodes.push_back(reader.node(node));
        return graph;
      }

      /// Size, stride or offset.
      static Size
      size(const Element &element)
      {
        Size result;
        if (!element.is_object()) // schema version 1
          {
            result.value = element.integer();
            return result;
          }
        const auto [kind, value] = element.alternative();
        if (kind == "as_int")
          {
            result.value = value.integer();
            return result;
          }
        element.check(kind == "as_expr", "'" + kind + "' is not known");
        result.fixed = false;
        if (value.has("hint"))
          {
            Element hint = value["hint"];
            if (hint.is_object())
              hint = hint["as_int"];
            result.value = hint.integer();
          }
        return result;
      }

      static ExportedProgram::TensorType
      tensor_type(Element element)
      {
        if (element.has("meta")) // schema version 1
          element = element["meta"];
        ExportedProgram::TensorType type;
        type.scalar_type   = read_scalar_type(element["dtype"]);
        type.requires_grad = element["requires_grad"].boolean();
        for (const Element &length : element["sizes"].items())
          type.sizes.push_back(size(length));
        constexpr std::int64_t strided = 7;
        element.check(element["layout"].integer() == strided,
                      "a sparse tensor, which is not supported");
        return type;
      }

    private:
      explicit GraphReader(const unsigned int depth)
        : depth(depth)
      {}

      Node
      node(const Element &element) const
      {
        Node result;
        result.target  = element["target"].text();
        Element inside = element.named(result.target);
        for (const Element &output : element["outputs"].items())
          result.outputs.push_back(argument(inside.named("outputs"), output));
        result.name = element.has("name") ? element["name"].text() :
                                            first_name(result.outputs);
        inside =
          element.named("node '" + result.name + "' (" + result.target + ")");
        for (const Element &input : element["inputs"].items())
          {
            const std::string name = input["name"].text();
            result.inputs.emplace_back(
              name,
              argument(inside.named("argument '" + name + "'"), input["arg"]));
          }
        return result;
      }

      static std::string
      first_name(const std::vector<Argument> &outputs)
      {
        for (const Argument &output : outputs)
          if (output.kind == Argument::Kind::list)
            return first_name(output.list);
          else if (output.kind == Argument::Kind::value)
            return output.text;
        return "";
      }

      /// An argument, with messages that say @p where it is.
      Argument
      argument(const Element &where, const Element &element) const
      {
        try
          {
            return argument(element);
          }
        catch (const Error &error)
          {
            // Its own place is a part of the place given.
            const std::string message = error.what();
            const std::size_t end     = message.rfind(": ");
            where.fail(end == std::string::npos ? message :
                                                  message.substr(end + 2));
          }
      }

      Argument
      argument(const Element &element) const
      {
        const auto [kind, value] = element.alternative();
        if (kind == "as_none")
          return {};
        if (kind == "as_tensor" || kind == "as_optional_tensor")
          return tensor(value);
        if (kind == "as_bool")
          return make_integer(Argument::Kind::boolean, value.boolean());
        if (kind == "as_int")
          return make_integer(Argument::Kind::integer, value.integer());
        if (kind == "as_float")
          return make_real(value.real());
        if (kind == "as_string")
          {
            Argument result = make_value(value.text());
            result.kind     = Argument::Kind::text;
            return result;
          }
        if (kind == "as_complex")
          {
            Argument result  = make_real(value["real"].real());
            result.kind      = Argument::Kind::complex;
            result.imaginary = value["imag"].real();
            return result;
          }
        if (kind == "as_sym_int" || kind == "as_sym_float" ||
            kind == "as_sym_bool")
          return symbol(value);
        if (kind == "as_scalar_type")
          return make_integer(Argument::Kind::scalar_type,
                              std::int64_t(read_scalar_type(value)));
        if (kind == "as_memory_format")
          return make_integer(Argument::Kind::memory_format, value.integer());
        if (kind == "as_layout")
          return make_integer(Argument::Kind::layout, value.integer());
        if (kind == "as_device")
          {
            Argument result = make_value(value["type"].text());
            result.kind     = Argument::Kind::device;
            return result;
          }
        if (kind == "as_graph")
          {
            Argument result;
            result.kind  = Argument::Kind::graph;
            result.graph = std::make_shared<Graph>(
              GraphReader::read(value["graph"], depth + 1));
            return result;
          }
        return list(kind, value);
      }

      Argument
      list(const std::string &kind, const Element &value) const
      {
        using Reader = Argument (*)(const Element &);
        static const std::map<std::string, Reader> readers = {
          {"as_tensors", &tensor},
          {"as_optional_tensors", &tensor},
          {"as_sym_ints", &symbol},
          {"as_sym_floats", &symbol},
          {"as_sym_bools", &symbol},
          {"as_ints",
           [](const Element &item) {
             return make_integer(Argument::Kind::integer, item.integer());
           }},
          {"as_floats",
           [](const Element &item) { return make_real(item.real()); }},
          {"as_bools", [](const Element &item) {
             return make_integer(Argument::Kind::boolean, item.boolean());
           }}};
        const auto reader = readers.find(kind);
        value.check(reader != readers.end(),
                    "an argument of the kind '" + kind + "' is not supported");
        Argument result;
        result.kind = Argument::Kind::list;
        for (const Element &item : value.items())
          result.list.push_back(reader->second(item));
        return result;
      }

      /// The name of a tensor, or none in its place.
      static Argument
      tensor(const Element &element)
      {
        if (!element.is_object()) // schema version 1, in lists
          return make_value(element.text());
        if (element.has("name"))
          return make_value(element["name"].text());
        const auto [kind, value] = element.alternative();
        if (kind == "as_none")
          return {};
        element.check(kind == "as_tensor", "'" + kind + "' is not known");
        return tensor(value);
      }

      /// A number that other nodes compute, or one that is given.
      static Argument
      symbol(const Element &element)
      {
        const auto [kind, value] = element.alternative();
        if (kind == "as_name")
          return make_value(value.text());
        if (kind == "as_int")
          return make_integer(Argument::Kind::integer, value.integer());
        if (kind == "as_bool")
          return make_integer(Argument::Kind::boolean, value.boolean());
        element.check(kind == "as_float", "'" + kind + "' is not known");
        return make_real(value.real());
      }

      const unsigned int depth;
    };



    /// The inputs and outputs of schema versions from 2 on.
    class SignatureReader
    {
    public:
      SignatureReader(ExportedProgram &program, const Element &signature)
        : program(program)
        , signature(signature)
      {}

      void
      run()
      {
        if (signature.has("input_specs"))
          {
            for (const Element &spec : signature["input_specs"].items())
              add_input(spec);
            for (const Element &spec : signature["output_specs"].items())
              add_output(spec);
          }
        else
          read_first_version();
      }

    private:
      void
      add_input(const Element &spec)
      {
        const auto [kind, value] = spec.alternative();
        if (kind == "user_input")
          {
            const auto [type, argument] = value["arg"].alternative();
            if (type == "as_tensor")
              {
                add(Input::Kind::user, argument["name"].text());
                return;
              }
            spec.check(type.rfind("as_sym", 0) != 0,
                       "an input is a number (" + type +
                         "), expected tensors: export with that argument as a "
                         "constant");
            add(Input::Kind::fixed, "");
          }
        else if (kind == "constant_input")
          add(Input::Kind::fixed, value["name"].text());
        else if (kind == "parameter")
          add_tensor(value, "parameter_name", Input::Kind::parameter);
        else if (kind == "buffer")
          add_tensor(value, "buffer_name", Input::Kind::buffer);
        else if (kind == "tensor_constant")
          add_tensor(value, "tensor_constant_name", Input::Kind::buffer);
        else
          spec.fail("an input of the kind '" + kind + "' is not supported");
      }

      void
      add(const Input::Kind  kind,
          const std::string &name,
          const std::string &tensor = "")
      {
        Input input;
        input.kind   = kind;
        input.name   = name;
        input.tensor = tensor;
        program.inputs.push_back(input);
      }

      void
      add_tensor(const Element     &spec,
                 const std::string &key,
                 const Input::Kind  kind)
      {
        add(kind, spec["arg"]["name"].text(), spec[key].text());
      }

      void
      add_output(const Element &spec)
      {
        const auto [kind, value] = spec.alternative();
        if (kind == "user_input_mutation")
          return; // the caller's points are not changed, only the result counts
        spec.check(kind != "buffer_mutation" && kind != "parameter_mutation",
                   "forward() changes the buffer or parameter '" +
                     (value.has("buffer_name") ?
                        value["buffer_name"].text() :
                      value.has("parameter_name") ?
                        value["parameter_name"].text() :
                        std::string()) +
                     "', a stateful module is not a function of its inputs: "
                     "call model.eval() before torch.export.export()");
        spec.check(kind == "user_output",
                   "an output of the kind '" + kind + "' is not supported");
        const auto [type, argument] = value["arg"].alternative();
        if (type == "as_none")
          return;
        spec.check(type == "as_tensor",
                   "an output of the kind '" + type +
                     "' is not supported, expected tensors");
        program.outputs.push_back(argument["name"].text());
      }

      void
      read_first_version()
      {
        signature.check(signature["buffers_to_mutate"].members().empty(),
                        "forward() changes buffers, a stateful module is not "
                        "a function of its inputs: call model.eval() before "
                        "torch.export.export()");
        std::map<std::string, std::string> parameters, buffers;
        for (const auto &[value, name] :
             signature["inputs_to_parameters"].members())
          parameters[value] = name.text();
        for (const auto &[value, name] :
             signature["inputs_to_buffers"].members())
          buffers[value] = name.text();
        for (const Argument &input : program.graph.inputs)
          if (parameters.count(input.text) > 0)
            add(Input::Kind::parameter, input.text, parameters[input.text]);
          else if (buffers.count(input.text) > 0)
            add(Input::Kind::buffer, input.text, buffers[input.text]);
          else
            add(Input::Kind::user, input.text);
        for (const Element &output : signature["user_outputs"].items())
          program.outputs.push_back(output.text());
      }

      ExportedProgram &program;
      const Element    signature;
    };



    std::int64_t
    read_fixed(const Element &element)
    {
      const Size size = GraphReader::size(element);
      element.check(size.fixed && size.value && *size.value >= 0,
                    "sizes, strides and offsets of weights have to be numbers "
                    "that are not negative");
      return *size.value;
    }



    std::vector<std::int64_t>
    read_fixed_list(const Element &element)
    {
      std::vector<std::int64_t> result;
      for (const Element &item : element.items())
        result.push_back(read_fixed(item));
      return result;
    }



    /// Whether the entries of a tensor lie in a storage of @p n_bytes.
    bool
    is_inside(const Tensor &tensor, const std::size_t n_bytes)
    {
      const std::int64_t n_numbers =
        n_bytes / ExportedProgram::size_of(tensor.scalar_type);
      if (tensor.sizes.size() != tensor.strides.size())
        return false;
      for (const std::int64_t size : tensor.sizes)
        if (size == 0)
          return true;
      std::int64_t last = tensor.storage_offset;
      std::int64_t n    = 1; // no more entries than storage either
      for (std::size_t d = 0; d < tensor.sizes.size(); ++d)
        {
          const std::int64_t steps = tensor.sizes[d] - 1;
          if (tensor.sizes[d] > n_numbers / n ||
              (steps > 0 && tensor.strides[d] > n_numbers / steps) ||
              last > n_numbers)
            return false;
          n *= tensor.sizes[d];
          last += steps * tensor.strides[d];
        }
      return last < n_numbers;
    }



    /// Reads the files of an archive.
    class ArchiveReader
    {
    public:
      ArchiveReader(const ZipArchive &archive, const std::string &name)
        : archive(archive)
        , name(name)
      {}

      ExportedProgram
      run()
      {
        find_root();
        const Json    json = parse(model_path());
        const Element whole(json, name + ": " + model_path());
        check_version(whole);

        read_weights();
        const Element module = whole["graph_module"];
        program.graph        = GraphReader::read(module["graph"]);
        SignatureReader(program, module["signature"]).run();
        whole.check(program.inputs.size() == program.graph.inputs.size(),
                    "the signature lists " +
                      std::to_string(program.inputs.size()) +
                      " inputs, the graph " +
                      std::to_string(program.graph.inputs.size()));
        for (std::size_t i = 0; i < program.inputs.size(); ++i)
          whole.check(program.inputs[i].kind == Input::Kind::fixed ||
                        program.inputs[i].name == program.graph.inputs[i].text,
                      "input " + std::to_string(i) + " is '" +
                        program.graph.inputs[i].text + "' in the graph and '" +
                        program.inputs[i].name + "' in the signature");
        whole.check(!program.outputs.empty(), "there are no outputs");
        return std::move(program);
      }

    private:
      void
      find_root()
      {
        const std::string marker = "archive_format";
        if (archive.contains("serialized_exported_program.json"))
          return;
        for (const std::string &path : archive.paths())
          if (path.size() > marker.size() &&
              path.find('/') == path.size() - marker.size() - 1 &&
              path.compare(path.size() - marker.size(),
                           marker.size(),
                           marker) == 0)
            root = path.substr(0, path.size() - marker.size());
        require(archive.contains(root + marker) &&
                  archive.read(root + marker, 100) == "pt2",
                name +
                  ": not a complete archive of torch.export: there is no " +
                  marker + " in it that says pt2");
        const std::string version = archive.read(root + "archive_version", 100);
        require(version == "0",
                name + ": an archive of torch.export of version " +
                  quoted(version) + ", expected 0" + with_which);
        if (archive.contains(root + "byteorder"))
          require(archive.read(root + "byteorder", 100) == "little",
                  name + ": written on a machine of another byte order, "
                         "expected little endian");
        for (const std::string &path : archive.paths())
          {
            const std::string folder = root + "models/";
            if (path.compare(0, folder.size(), folder) == 0 &&
                path.size() > folder.size() + 5)
              models.push_back(
                path.substr(folder.size(), path.size() - folder.size() - 5));
          }
        if (models.empty())
          throw Error(name + ": a package of torch.export without a program "
                             "(models/*.json): what AOTInductor has compiled "
                             "has no derivatives, use torch.export.save()");
        std::string all;
        for (const std::string &model : models)
          all += (all.empty() ? "" : ", ") + quoted(model);
        require(models.size() == 1,
                name + ": a package with several programs (" + all +
                  "), expected one");
      }

      static std::string
      quoted(const std::string &text)
      {
        return "'" + text.substr(0, 40) + "'";
      }

      std::string
      model_path() const
      {
        return models.empty() ? "serialized_exported_program.json" :
                                root + "models/" + models[0] + ".json";
      }

      Json
      parse(const std::string &path) const
      {
        try
          {
            // What reads and prints it calls itself.
            return Json::parse(
              quote_special_numbers(archive.read(path, max_json_size)),
              [&](const int depth, const Json::parse_event_t, const Json &) {
                require(depth < 200,
                        name + ": " + path + " is nested too deeply");
                return true;
              });
          }
        catch (const Json::exception &error)
          {
            const std::string reason = error.what();
            throw Error(name + ": " + path + " is not JSON: " +
                        reason.substr(reason.find(']') + 1).substr(0, 200));
          }
      }

      void
      check_version(const Element &whole) const
      {
        const Element version = whole["schema_version"];
        const bool    pair    = version.is_object();
        const auto    major =
          pair ? version["major"].integer() : version.integer();
        const std::set<std::int64_t> known = {1, 2, 5, 7, 8};
        require(known.count(major) > 0,
                name + ": a file of torch.export of schema version " +
                  std::to_string(major) + ", expected 1, 2, 5, 7 or 8" +
                  with_which);
      }

      void
      read_weights()
      {
        const std::string weights   = root + "data/weights/",
                          constants = root + "data/constants/";
        if (models.empty())
          {
            for (const std::string &part : {"state_dict", "constants"})
              for (const std::string &ending : {".pt", ".json"})
                if (archive.contains("serialized_" + part + ending))
                  read_pickle("serialized_" + part + ending);
            return;
          }
        const std::string &model = models[0];
        if (archive.contains(weights + model + ".pt"))
          {
            read_pickle(weights + model + ".pt");
            if (archive.contains(constants + model + ".pt"))
              read_pickle(constants + model + ".pt");
            return;
          }
        read_files(weights,
                   {"_weights_config.json", "_model_param_config.json"});
        read_files(constants,
                   {"_constants_config.json", "_model_constants_config.json"});
      }

      /// Tensors in files of raw numbers.
      void
      read_files(const std::string              &folder,
                 const std::vector<std::string> &endings)
      {
        std::string path;
        for (const std::string &ending : endings)
          if (archive.contains(folder + models[0] + ending))
            path = folder + models[0] + ending;
        require(!path.empty(),
                name + ": there is no " + folder + models[0] + endings[0] +
                  " inside");
        const Json    json = parse(path);
        const Element whole(json, name + ": " + path);

        std::map<std::string, std::size_t> storage_of;
        for (const auto &[key, member] : whole["config"].members())
          {
            const Element     element = member.named("'" + key + "'");
            const std::string file    = folder + element["path_name"].text();
            element.check(!element["use_pickle"].boolean() &&
                            element.has("tensor_meta"),
                          "an object or a tensor of a class of its own, "
                          "expected plain tensors");
            const auto [storage, is_new] =
              storage_of.emplace(file, program.storages.size());
            if (is_new)
              program.storages.push_back(archive.read(file));
            add_tensor(key, element, storage->second, file);
          }
      }

      void
      add_tensor(const std::string &key,
                 const Element     &element,
                 const std::size_t  storage,
                 const std::string &file)
      {
        const Element meta = element["tensor_meta"];
        Tensor        tensor;
        tensor.name           = key;
        tensor.is_parameter   = element["is_param"].boolean();
        tensor.scalar_type    = GraphReader::tensor_type(meta).scalar_type;
        tensor.sizes          = read_fixed_list(meta["sizes"]);
        tensor.strides        = read_fixed_list(meta["strides"]);
        tensor.storage_offset = read_fixed(meta["storage_offset"]);
        tensor.storage        = storage;
        element.check(is_inside(tensor, program.storages[storage].size()),
                      "sizes and strides do not fit to the " +
                        std::to_string(program.storages[storage].size()) +
                        " bytes of " + file);
        program.tensors.push_back(tensor);
      }

      void
      read_pickle(const std::string &path)
      {
        // No constants are an empty file.
        const std::string bytes = archive.read(path);
        if (!bytes.empty())
          program.pickles.emplace_back(path, bytes);
      }

      const ZipArchive &archive;
      const std::string name;

      /// The top folder with its slash; empty in older files.
      std::string              root;
      std::vector<std::string> models;

      ExportedProgram program;
    };
  } // namespace



  std::string
  ExportedProgram::name_of(const ScalarType type)
  {
    static const std::array<const char *, 14> names = {"unknown",
                                                       "uint8",
                                                       "int8",
                                                       "int16",
                                                       "int32",
                                                       "int64",
                                                       "float16",
                                                       "float32",
                                                       "float64",
                                                       "complex32",
                                                       "complex64",
                                                       "complex128",
                                                       "bool",
                                                       "bfloat16"};
    return names[std::size_t(type)];
  }



  std::size_t
  ExportedProgram::size_of(const ScalarType type)
  {
    static const std::array<std::size_t, 14> sizes = {
      1, 1, 1, 2, 4, 8, 2, 4, 8, 4, 8, 16, 1, 2};
    return sizes[std::size_t(type)];
  }



  bool
  ExportedProgram::is_floating(const ScalarType type)
  {
    return type == ScalarType::float16 || type == ScalarType::float32 ||
           type == ScalarType::float64 || type == ScalarType::brain_float16;
  }



  bool
  is_exported_program(const ZipArchive &archive)
  {
    for (const std::string &path : archive.paths())
      {
        const std::size_t slash = path.find('/');
        const std::string inside =
          slash == std::string::npos ? path : path.substr(slash + 1);
        if (path == "serialized_exported_program.json" ||
            inside == "archive_format" || inside.rfind("models/", 0) == 0)
          return true;
      }
    return false;
  }



  ExportedProgram
  read_exported_program(const ZipArchive &archive, const std::string &name)
  {
    return ArchiveReader(archive, name).run();
  }
} // namespace lsr
